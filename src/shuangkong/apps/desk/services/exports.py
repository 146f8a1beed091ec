"""The one export service: a table as xlsx or csv, safe to open, marked in the demonstration, in the background when long.

``settings.EXPORT_KINDS`` lists the kinds: a function ``(user, arguments) -> Table`` each, which reads what the page with the same address
shows. Whoever fetches the file must still have the reach with which it was made.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import xlsxwriter
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from shuangkong.apps.desk.models import Job, StoredFile
from shuangkong.apps.desk.services import files, jobs

EXPORT = "export"
FORMATS = {"xlsx": files.XLSX, "csv": files.CSV}
#: Tables with more rows are made in the background.
ROWS_AT_ONCE = 5000
ROWS_MAX = 1_000_000
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
_EXACT_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Table:
    """What is exported: a title (the file's name), headings, rows of text, numbers, dates or None, and notes below.

    ``count`` is the number of rows; ``rows`` are read only once.
    """

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Any]]
    count: int
    notes: Sequence[str] = ()


def reach_of(user: Any) -> list[Any]:
    """What decides what a person may see."""
    return [user.role, user.subject_id, user.department_id, user.is_active]


def still_within_reach(stored: StoredFile, user: Any) -> bool:
    """Whether an exported file was made with the reach that the person still has; files that are no export always are."""
    made_by = Job.objects.unscoped("the reach is compared, nothing is shown").filter(file=stored, kind=EXPORT).first()
    return made_by is None or (made_by.owner_id == user.pk and made_by.arguments["reach"] == reach_of(user))


def begin(kind_id: str, user: Any, arguments: dict[str, str], wanted: str) -> Job | tuple[Path, str, str] | None:
    """A short table at once (path, name, content type), a long one as a job; None for an unknown kind or format."""
    if kind_id not in settings.EXPORT_KINDS or wanted not in FORMATS:
        return None
    table = _table(kind_id, user, arguments)
    if table is None:
        return None
    if table.count > ROWS_AT_ONCE:
        asked = {"kind": kind_id, "filters": arguments, "format": wanted, "reach": reach_of(user)}
        return jobs.start(EXPORT, _("导出：{title}").format(title=table.title), asked, user)
    _relative, path = files.new_path(f".{wanted}")
    write(path, table, wanted)
    return path, _name(table, wanted), FORMATS[wanted]


def _table(kind_id: str, user: Any, arguments: dict[str, str]) -> Table | None:
    function: Callable[[Any, dict[str, str]], Table | None] = import_string(settings.EXPORT_KINDS[kind_id])
    return function(user, arguments)


def run_export(work: jobs.Work) -> None:
    """The job: reads with the person's reach of now and keeps the file."""
    work.arguments["reach"] = reach_of(work.user)
    table = _table(work.arguments["kind"], work.user, work.arguments["filters"])
    if table is None:
        return
    Job.objects.unscoped("the job that runs").filter(pk=work.job.pk).update(arguments=work.arguments)
    wanted = work.arguments["format"]
    relative, path = files.new_path(f".{wanted}")
    rows = _watched(table, work)
    write(path, Table(table.title, table.headings, rows, table.count, table.notes), wanted)
    work.keep_file(files.keep(work.user, _name(table, wanted), relative, content_type=FORMATS[wanted]))


def _watched(table: Table, work: jobs.Work) -> Iterator[Sequence[Any]]:
    for number, row in enumerate(table.rows):
        if number % 1000 == 0:
            work.progress(number, table.count, _("写文件"))
        yield row


def _name(table: Table, wanted: str) -> str:
    mark = _("演示-") if settings.DEMONSTRATION else ""
    return files.clean_name(f"{mark}{table.title}.{wanted}")


def _head(table: Table) -> list[list[str]]:
    """The lines above the headings: in the demonstration, that it is one."""
    return [[_("演示：含虚构的数值，不是统计数据")]] if settings.DEMONSTRATION else []


def write(path: Path, table: Table, wanted: str) -> None:
    """Writes ``table`` to ``path`` as ``xlsx`` or ``csv``."""
    (_write_xlsx if wanted == "xlsx" else _write_csv)(path, table)


def safe_text(text: str) -> str:
    """Text that a spreadsheet takes for text, also where it begins like a formula."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def _local(moment: datetime) -> datetime:
    """The civil time of the platform, without a zone, as people read it."""
    return moment.astimezone(timezone.get_default_timezone()).replace(tzinfo=None) if moment.tzinfo else moment


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, datetime):
        return _local(value).strftime("%Y-%m-%d %H:%M")
    return safe_text(value.isoformat() if isinstance(value, date) else str(value))


def _write_csv(path: Path, table: Table) -> None:
    """UTF-8 with a byte order mark, so that Excel reads Chinese."""
    notes = ([note] for note in table.notes)
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        lines = csv.writer(out)
        for row in chain(_head(table), [table.headings], table.rows, notes):
            lines.writerow([_csv_cell(value) for value in row])


def _write_xlsx(path: Path, table: Table) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet(_("数据"))
        head = book.add_format({"bold": True, "bg_color": "#dfe7f3", "border": 1})
        day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.set_column(0, len(table.headings) - 1, 16)
        row = 0
        for line in _head(table):
            sheet.write_string(row, 0, line[0])
            row += 1
        for column, heading in enumerate(table.headings):
            sheet.write_string(row, column, str(heading), head)
        sheet.freeze_panes(row + 1, 0)
        for values in table.rows:
            row += 1
            for column, value in enumerate(values):
                _write_cell(sheet, row, column, value, day, moment)
        for number, note in enumerate(table.notes, 2):
            sheet.write_string(row + number, 0, str(note))


def _write_cell(sheet: Any, row: int, column: int, value: Any, day: Any, moment: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > _EXACT_DIGITS:
        # a workbook's numbers are binary fractions: longer decimals stay exact as text
        sheet.write_string(row, column, format(value, "f"))
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        sheet.write_number(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, _local(value), moment)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), day)
    else:
        sheet.write_string(row, column, str(value))
