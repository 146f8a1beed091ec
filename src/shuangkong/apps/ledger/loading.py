"""Rows that come in bulk from a pack: one batch a file, nothing twice, and a correction supersedes what it corrects.

A batch writes in transactions of at most :data:`CHUNK` rows and becomes visible by one last update, which carries the audit entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from shuangkong.apps.audit.services import record
from shuangkong.apps.ledger.models import Batch, Row
from shuangkong.apps.ledger.proof import batch_root
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.organisations.services import Change
from shuangkong.core.digest import rows_root

CHUNK = 2000
_REGIONAL = (Subject.Kind.COUNTY, Subject.Kind.UNALLOCATED)


class NewRow(NamedTuple):
    """One row to be. ``subject`` and ``zone`` are codes; ``micro`` is an integer of 10⁻⁶ base units, ``rate`` percent as text."""

    subject: str
    zone: str
    measure: str
    industry: str
    product: str
    flow: str
    period_kind: str
    period_start: date
    period_end: date
    micro: int | None
    rate: str | None
    unit_filed: str
    filed: str
    price_base: int | None
    origin: str
    release: str
    comparable: bool
    document: str
    remark: str
    known_on: date

    @property
    def cell(self) -> tuple[Any, ...]:
        """What it is a figure of: two rows of one cell are a figure and its correction."""
        return (*self[:7], self.period_end, self.price_base, self.origin, self.release)

    @property
    def line(self) -> str:
        """The text that is hashed for it."""
        return "|".join("" if part is None else str(part) for part in self)


@dataclass(frozen=True, slots=True)
class Consignment:
    """What a load is about: ``kind`` and ``title`` of its batch, where it came from, whether it is invented."""

    kind: str
    title: str
    origin: str
    subject: str = ""
    demonstration: bool = False


class Places:
    """Codes of subjects → ids, and which are counties."""

    def __init__(self) -> None:
        found = list(Subject.objects.values_list("code", "id", "kind"))
        self.ids = {code: pk for code, pk, _kind in found}
        self.counties = {code: pk for code, pk, kind in found if kind in _REGIONAL}
        self.codes = {pk: code for code, pk, _kind in found}


def load_rows(
    rows: Sequence[NewRow], consignment: Consignment, *, now: datetime, actor: Any = None, places: Places | None = None
) -> Change:
    """Bring ``rows`` into the ledger as one batch; those that stand there already are left out, and without new ones there is no batch."""
    document = f"{consignment.origin} SM3 {rows_root(row.line for row in rows)}"
    loaded = Batch.objects.unscoped("whether this file was loaded").filter(applied_at__isnull=False)
    if not rows or loaded.filter(kind=consignment.kind, document=document).exists():
        return Change(unchanged=len(rows))
    places = places or Places()
    standing, current = _standing(rows, places)
    new = [row for row in rows if row not in standing]
    if not new:
        return Change(unchanged=len(rows))
    _discard_unfinished(consignment.kind, document)
    batch = _open(consignment, document, len(rows), len(new), actor, places)
    corrected = 0
    for start in range(0, len(new), CHUNK):
        chunk = new[start : start + CHUNK]
        with transaction.atomic():
            insert_new(batch, chunk, current, places)
        corrected += sum(row.cell in current for row in chunk)
    _apply(batch, consignment, now, actor)
    return Change(len(new) - corrected, corrected, len(rows) - len(new))


def _discard_unfinished(kind: str, document: str) -> None:
    """Throw away what an interrupted load of the same file left behind: it was never applied, so nothing rests on it."""
    left = Batch.objects.unscoped("what an interrupted load left").filter(kind=kind, document=document, applied_at=None)
    for batch_id in list(left.values_list("id", flat=True)):
        rows = Row.objects.unscoped("rows never applied").filter(batch_id=batch_id)
        while ids := list(rows.values_list("id", flat=True)[:CHUNK]):
            rows.filter(id__gte=min(ids), id__lte=max(ids))._raw_delete(rows.db)
        left.filter(pk=batch_id).delete()


def _open(consignment: Consignment, document: str, read: int, kept: int, actor: Any, places: Places) -> Batch:
    return Batch.objects.create(
        kind=consignment.kind,
        title=consignment.title,
        owner=actor,
        subject_id=places.ids.get(consignment.subject),
        document=document,
        demonstration=consignment.demonstration,
        rows_read=read,
        rows_kept=kept,
        rows_unchanged=read - kept,
    )


def _apply(batch: Batch, consignment: Consignment, now: datetime, actor: Any) -> None:
    """The last update; the proof is read first, so that the transaction stays short."""
    proof = batch_root(batch.pk)
    with transaction.atomic():
        Batch.objects.unscoped("the batch just written").filter(pk=batch.pk, applied_at=None).update(applied_at=now, rows_sm3=proof.sm3)
        after = {**proof.recorded(), "title": batch.title, "document": batch.document}
        record("ledger.batch.applied", batch, actor=actor, subject_id=batch.subject_id, after=after, origin=consignment.origin)


def _standing(rows: Sequence[NewRow], places: Places) -> tuple[set[NewRow], dict[tuple[Any, ...], int]]:
    """What applied batches hold of these subjects and measures already; and for each cell the id of its newest row."""
    found = (
        Row.objects.unscoped("what is loaded already")
        .filter(
            measure__in={row.measure for row in rows},
            subject__in={places.ids[row.subject] for row in rows},
            period_end__gte=min(row.period_end for row in rows),
            period_end__lte=max(row.period_end for row in rows),
            batch__applied_at__isnull=False,
            batch__withdrawn_at__isnull=True,
        )
        .order_by("id")
    )
    standing, current = set(), {}
    for row in found.iterator(CHUNK):
        new = as_new(row, places)
        standing.add(new)
        current[new.cell] = row.pk
    return standing, current


def as_new(row: Row, places: Places) -> NewRow:
    """A row that stands, in the shape of one to be."""
    return NewRow(
        places.codes[row.subject_id], places.codes.get(row.zone_id, ""), row.measure, row.industry, row.product, row.flow,
        row.period_kind, row.period_start, row.period_end,
        None if row.quantity is None else int(row.quantity.scaleb(6)), None if row.rate is None else format(row.rate, "f"),
        row.unit_filed, row.filed, row.price_base, row.origin, row.release, row.comparable, row.document, row.remark, row.known_on,
    )  # fmt: skip


_COLUMNS = (
    "batch_id", "subject_id", "county_id", "zone_id", "measure", "industry", "product", "flow", "period_kind", "period_start",
    "period_end", "quantity", "rate", "unit_filed", "filed", "price_base", "origin", "release", "comparable", "document", "remark",
    "known_on", "demonstration", "supersedes_id",
)  # fmt: skip


def insert_new(batch: Batch, rows: Iterable[NewRow], current: dict[tuple[Any, ...], int], places: Places) -> None:
    """Inserts ``rows``, each superseding the row that ``current`` names for its cell."""
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    marks = ", ".join(["%s"] * len(_COLUMNS))
    with connection.cursor() as cursor:
        sql = f"INSERT INTO {Row._meta.db_table} ({names}) VALUES ({marks})"
        cursor.executemany(sql, list(_tuples(batch, rows, current, places)))


def _tuples(batch: Batch, rows: Iterable[NewRow], current: dict[tuple[Any, ...], int], places: Places) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        yield (
            batch.pk, places.ids[row.subject], places.counties.get(row.subject), places.ids[row.zone] if row.zone else None, *row[2:20],
            batch.demonstration, current.get(row.cell),
        )  # fmt: skip
