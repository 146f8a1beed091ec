"""The ledger rows behind one figure: read again, compared, grouped for the eye, with who brought them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, Max

from shuangkong.apps.indicators.evidence import (
    AsOf,
    EnergyCell,
    SeriesCell,
    adding_up,
    digest,
    energy_cells,
    energy_line,
    series_cells,
)
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.ledger.measures import MEASURES
from shuangkong.apps.ledger.models import Row
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.periods import Period
from shuangkong.core.quantities import BASE_UNITS, from_micro
from shuangkong.rulebook.products import Products

#: Which flows each line of the account shows of the whole account that it read.
FLOWS = {
    "energy.terminal": ("terminal",), "energy.transformation_loss": ("transformation_in", "transformation_out"), "energy.loss": ("loss",),
    "energy.recovery": ("recovery",),
}  # fmt: skip
_FLOW_NAMES = {
    "opening_stock": "期初库存", "primary_production": "一次生产", "inflow": "调入", "outflow": "调出", "transformation_in": "转换投入",
    "transformation_out": "转换产出", "recovery": "回收利用", "loss": "输配损失", "terminal": "终端消费", "closing_stock": "期末库存",
    "of_which_feedstock": "其中：原料用能",
}  # fmt: skip

#: Ids in one statement: SQLite takes no more than 999 parameters in old builds.
_AT_ONCE = 900


class Read(NamedTuple):
    """What was read again: count, sum and SM3, the cells, and the ids of the rows."""

    digest: tuple[int, str, str]
    cells: list[Any]
    ids: list[int]


def as_of(value: Value) -> AsOf:
    """What counts for a value: a current one is compared with the ledger of today, an older one with that of its run."""
    run = value.run
    current = run.published_at is not None and hasattr(value, "current")
    return AsOf(known_on=run.known_on, had_at=None if current else run.had_at or run.made_at, release=value.release)


class Shown(NamedTuple):
    """A line for the eye: label, number, unit, and the address of the rows behind it in the data browser."""

    label: str
    number: Decimal
    unit: str
    address: str


class Reader:
    """Reads the inputs of one value again; all figures of one subject in one statement."""

    def __init__(self, value: Value) -> None:
        self._value, self._as_of = value, as_of(value)
        self._series: dict[int, list[SeriesCell]] = {}
        self._subjects: dict[str, Subject] = {}

    def read(self, entry: dict[str, Any]) -> Read:
        """Read the rows of one input again."""
        arguments = entry["arguments"]
        subject = self._subject(arguments["subject"])
        period = Period.parse(arguments["period"])
        if entry["query"] == "energy":
            rows = energy_cells(self._as_of, subject_id=subject.pk, period=(period.kind, period.end))
            return _energy(self._value, arguments["lens"], rows, subject)
        if subject.pk not in self._series:
            self._series[subject.pk] = series_cells(self._as_of, subject_id=subject.pk)
        if entry["query"] == "electricity":
            return _electricity(arguments["lens"], period, self._series[subject.pk], subject)
        return _series(arguments, period, self._series[subject.pk], subject)

    def _subject(self, code: str) -> Subject:
        if code not in self._subjects:
            self._subjects[code] = Subject.objects.get(code=code)
        return self._subjects[code]


def _energy(value: Value, lens: str, rows: Any, subject: Subject) -> Read:
    """The whole account is compared; a line of it shows the cells that are its own."""
    kept = [row for row in rows if row[0] == lens and subject.pk in (row[1], row[2])]
    lines = [energy_line(row[5], row[6], row[7], row[2], row[8]) for row in kept]
    _, _, word = value.indicator.code.partition(":")
    own = [(cell, row[13]) for row in kept if _belongs(value.calculation, word, cell := EnergyCell(*row[:11]))]
    return Read((len(lines), str(sum(row[8] for row in kept)), digest(lines)), [cell for cell, _ in own], [row for _, row in own])


def _belongs(calculation: str, word: str, cell: EnergyCell) -> bool:
    if calculation in FLOWS:
        return cell.flow in FLOWS[calculation]
    if calculation == "energy.product":
        return cell.product == word
    if calculation == "energy.sector":
        return cell.industry == ("" if word == "unassigned" else word)
    return True


def _series(arguments: dict[str, Any], period: Period, rows: list[SeriesCell], subject: Subject) -> Read:
    wanted = tuple(arguments[name] for name in ("measure", "origin", "industry", "price_base"))
    kept = [cell for cell in rows if (cell.measure, cell.origin, cell.industry, cell.price_base) == wanted]
    kept = [cell for cell in kept if (cell.kind, cell.end) == (period.kind, period.end.isoformat())]
    detail = arguments.get("detail", "")
    kept = [cell for cell in kept if (cell.zone_id or cell.subject_id) == subject.pk and (not detail or cell.detail == detail)][-1:]
    total = "".join(str(cell.micro) if cell.rate is None else cell.rate for cell in kept)
    return Read((len(kept), total, digest([cell.evidence for cell in kept])), kept, [cell.row_id for cell in kept])


def _electricity(lens: str, period: Period, rows: list[SeriesCell], subject: Subject) -> Read:
    """All sectors, or the whole where it is filed; the latest of each cell, of the best origin that filed anything."""
    latest: dict[tuple[str, str], SeriesCell] = {}
    for cell in rows:
        mine = cell.measure == "electricity" and (cell.zone_id or cell.subject_id) == subject.pk
        if mine and (cell.kind, cell.end) == (period.kind, period.end.isoformat()):
            latest[cell.origin, cell.industry] = cell
    for origin in ("published", "issued") if lens == "issued" else ("reported", "metered"):
        cells = [cell for (of, _), cell in latest.items() if of == origin]
        if cells:
            kept = adding_up(cells)
            total = sum(cell.micro or 0 for cell in kept)
            return Read((len(kept), str(total), digest([cell.evidence for cell in kept])), kept, [cell.row_id for cell in kept])
    return Read((0, "0", digest([])), [], [])


def visible(user: Any, ids: list[int]) -> bool:
    """Whether the user may see every row behind the figure."""
    return all(
        Row.objects.visible_to(user).filter(pk__in=ids[start : start + _AT_ONCE]).count() == len(ids[start : start + _AT_ONCE])
        for start in range(0, len(ids), _AT_ONCE)
    )


def filed(ids: list[int]) -> Iterator[tuple[str, str, datetime | None, str, date, int, bool]]:
    """Per batch: title, who, when, document, day known, rows, invented. The rows must have been found visible."""
    rows = Row.objects.unscoped("the rows were found visible").filter(pk__in=ids[:_AT_ONCE])
    names = ("title", "owner__first_name", "owner__username", "applied_at", "document", "demonstration")
    groups = rows.order_by().values(*(f"batch__{name}" for name in names)).annotate(known=Max("known_on"), rows=Count("id"))
    for row in groups.order_by("-batch__applied_at"):
        title, first, user, applied_at, document, demonstration = (row[f"batch__{name}"] for name in names)
        yield title, first or user or "", applied_at, document, row["known"], row["rows"], demonstration


def shown(value: Value, entry: dict[str, Any], found: Read, products: Products, words: Mapping[str, str]) -> list[Shown]:
    """The cells by product and flow; a product by industry and flow; a rate in percent."""
    if entry["query"] != "energy":
        return [_one(entry, value, cell, words) for cell in found.cells]
    by_industry = value.calculation == "energy.product"
    sums: dict[tuple[str, str, str], int] = {}
    for cell in found.cells:
        key = (cell.product, cell.industry if by_industry else "", cell.flow)
        sums[key] = sums.get(key, 0) + cell.micro
    lines = []
    for (name, industry, flow), micro in sorted(sums.items()):
        product = products.get(name)
        label = f"{product.label if product else name} {_FLOW_NAMES.get(flow, flow)}" + _in_brackets(words.get(industry, industry))
        address = _rows(entry, measure="energy", product=name, flow=flow)
        lines.append(Shown(label, from_micro(micro), product.base_unit if product else "", address))
    return lines


def _rows(entry: dict[str, Any], **filters: str) -> str:
    """The data browser narrowed to the rows of one input."""
    arguments = entry["arguments"]
    issued = "issued" if entry["query"] == "energy" and arguments["lens"] == "issued" else ""
    origin = arguments.get("origin") or issued
    narrowed = {**filters, "subject": arguments["subject"], "period": arguments["period"], **({"origin": origin} if origin else {})}
    return "/data/?" + urlencode(narrowed)


def _in_brackets(word: str) -> str:
    return f"（{word}）" if word else ""


def _one(entry: dict[str, Any], value: Value, cell: SeriesCell, words: Mapping[str, str]) -> Shown:
    label = entry["label"] + _in_brackets(words.get(cell.industry, cell.industry))
    address = _rows(entry, measure=cell.measure)
    if cell.rate is not None:
        return Shown(label, Decimal(cell.rate), "%", address)
    unit = BASE_UNITS.get(MEASURES[cell.measure].dimension, "")
    return Shown(label, from_micro(cell.micro or 0), unit, address)
