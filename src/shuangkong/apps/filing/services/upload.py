"""A filled-in workbook becomes the draft; its faults come back in the workbook, at the cells."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.imports.kinds import CONFIRM, ERROR, Fault
from shuangkong.apps.desk.models import StoredFile
from shuangkong.apps.desk.services import files
from shuangkong.apps.desk.workbooks.marking import mark
from shuangkong.apps.desk.workbooks.package import open_package
from shuangkong.apps.filing.checking import BLOCKS, NOTICE, Examined, examine
from shuangkong.apps.filing.models import Filing
from shuangkong.apps.filing.permissions import require_respondent
from shuangkong.apps.filing.services.drafts import save_draft
from shuangkong.apps.filing.workbook_reading import Filled, read_workbook
from shuangkong.apps.filing.workbook_writing import FIRST_COLUMN

#: A filing's workbook is small; a table of ten thousand cells is below one megabyte.
MOST_BYTES = 8 * 2**20
_SEVERITIES = {BLOCKS: ERROR}


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What an upload came to: the filing as saved, its findings, and the workbook with the faults marked where there are any."""

    filing: Filing
    examined: Examined
    marked: StoredFile | None


def upload(filing: Filing, name: str, chunks: Iterable[bytes], user: Any, *, now: datetime) -> Uploaded:
    """Reads the workbook into the draft: every cell of it, blank ones too.

    A workbook that was downloaded before somebody else saved is compared with what they wrote, cell by cell.

    Raises:
        InputError: not the user's form, no workbook, or another form's.
        DraftConflict: somebody else changed cells that the workbook changes too.
    """
    require_respondent(filing, user)
    stored = files.store(user, name, chunks, content_type=files.XLSX, most=MOST_BYTES, private=True)
    path = files.path_of(stored)
    filled = read_workbook(path, filing, stored.name)
    own = filing.draft_by_id in (None, user.pk)
    save_draft(filing, filled.cells, filing.draft_revision if own else filled.revision, user, now=now)
    with transaction.atomic():
        after = {"file": stored.name, "sm3": stored.sm3, "cells": sum(bool(text) for text in filled.cells.values())}
        record("filing.filing.uploaded", filing, actor=user, subject_id=filing.subject_id, after=after)
    examined = examine(filing, filing.draft)
    return Uploaded(filing, examined, _marked(path, stored.name, filled, examined, filing, user))


def _marked(source: Path, name: str, filled: Filled, examined: Examined, filing: Filing, user: Any) -> StoredFile | None:
    """The same workbook with the cells of findings coloured and the reasons beside the rows; None without findings at cells."""
    found: dict[str, list[tuple[int, int, Fault]]] = {}
    for finding in examined.findings:
        for address in finding.addresses if finding.severity != NOTICE else ():
            if address in filled.places:
                sheet, row, column = filled.places[address]
                fault = Fault(address, finding.saw, finding.why_odd, finding.settle, _SEVERITIES.get(finding.severity, CONFIRM))
                found.setdefault(sheet, []).append((row, column, fault))
    if not found:
        return None
    with tempfile.TemporaryDirectory() as folder:
        last = Path(folder) / "0.xlsx"
        shutil.copy(source, last)
        for number, (sheet, marks) in enumerate(found.items(), 1):
            part = next(each.part for each in open_package(last).sheets if each.name == sheet)
            width = max(len(table.columns) for table in filing.form.tables) + FIRST_COLUMN + 1
            made = Path(folder) / f"{number}.xlsx"
            mark(last, made, part, 3, sorted(marks, key=lambda each: each[:2]), width)
            last = made
        name = f"{Path(name).stem}_{_('校验结果')}.xlsx"
        return files.store(user, name, [last.read_bytes()], content_type=files.XLSX, private=True)
