"""Hourly consumption of meters as durable files: recomputed where readings, meters or coefficients changed, and only there.

One Parquet file for each UTC month of readings, written aside, flushed and renamed; ``hours.json`` names the live ones, what each was
made from, and those that were live shortly before, and is replaced whole.  A row is what one meter used in one hour; a step that reaches
over an hour's end is a row of its own, from its first reading to its second, so that a gap inside a month is bridged for the month and
open for its hours.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives import hashes

from shuangkong.core.metering import MeterKind, Span
from shuangkong.series.catalogue import DATABASE, Catalogue
from shuangkong.series.energy import Amount, Coefficient, Entry, amounts, edges_of
from shuangkong.series.files import read_json, sync_directory, write_json
from shuangkong.series.reading import FOLDER, Reader
from shuangkong.series.schema import IMPLAUSIBLE
from shuangkong.series.steps import FAULTS, PARTS, Metered, Where, bridging, cells_of, is_plain, plain_sums, seconds, steps_of

CATALOGUE, DATA = "hours.json", "hours"
_HOUR_S = 3600
_KEPT_TURNS = 3
"""A file that is no longer live is kept for readers that hold it until the table has changed so many times more."""

HOURS = pa.schema(
    [
        pa.field("point", pa.int64()),
        pa.field("start_s", pa.int64()),
        pa.field("end_s", pa.int64()),
        pa.field("quantity", pa.float64()),
        pa.field("energy_tce", pa.float64()),
        pa.field("equivalent_tce", pa.float64()),
        pa.field("co2_t", pa.float64()),
        pa.field("covered_s", pa.int64()),
        *(pa.field(fault.value, pa.int64()) for fault in FAULTS),
    ]
)
"""``start_s`` to ``end_s``: the hour, or the step that reaches over its end, in seconds since 1970.  ``quantity`` in base units of the
meter's product; tce and CO2 by the coefficients in force at ``start_s``, null where there is none.  ``covered_s``: how much of it sound
steps cover."""

_REPEATING = ["point", "start_s", "end_s", "covered_s", *(fault.value for fault in FAULTS)]
_WORTH = ("energy_tce", "equivalent_tce", "co2_t")
_COUNTED = pa.schema([column for column in HOURS if column.name not in _WORTH])


class Hours:
    """The hourly table of a store.  ``products``: the product of each point."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / FOLDER
        self.data = self.folder / DATA

    def live(self) -> dict[str, dict[str, Any]]:
        """Month of readings → its file, rows and what it was made from."""
        return dict(self._catalogue()["months"])

    def _catalogue(self) -> dict[str, Any]:
        return read_json(self.folder / CATALOGUE) or {"turn": 0, "months": {}, "gone": {}}

    # ── writing ──

    def refresh(
        self, meters: Collection[Metered], products: dict[int, str], coefficients: Sequence[Coefficient], engine: Any = None,
        entries: Collection[Entry] = (),
    ) -> list[str]:  # fmt: skip
        """Recomputes the months whose readings, meters or coefficients changed; answers which.  Durable when it returns.

        ``entries``: what will be asked of the table; where they are others than before, all months count as changed.  Nothing is done
        while another process does it.
        """
        if not (self.folder / DATABASE).exists():
            return []
        with self._held() as mine:
            if not mine:
                return []
            self.data.mkdir(parents=True, exist_ok=True)
            recipe = _digest(*(sorted(map(repr, part)) for part in (meters, products.items(), coefficients, entries)))
            return list(self._refreshed(meters, products, coefficients, engine, recipe))

    @contextmanager
    def _held(self) -> Iterator[bool]:
        handle = os.open(self.folder / "hours.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True
        finally:
            os.close(handle)

    def _refreshed(
        self, meters: Collection[Metered], products: dict[int, str], coefficients: Sequence[Coefficient], engine: Any, recipe: str
    ) -> Iterator[str]:  # fmt: skip
        files = self._files()
        catalogue = self._catalogue()
        turn, live = catalogue["turn"] + 1, dict(catalogue["months"])
        with Reader(self.root, engine) as reader:
            for month in sorted(files):
                own, behind = _digest(recipe, files[month]), _digest(files.get(_month_behind(month), []))
                known = live.get(month, {})
                if (known.get("own"), known.get("behind")) == (own, behind):
                    continue
                firsts = _firsts(reader, meters, month)
                bridge = _digest([table.to_pylist() for table in firsts.values()])
                if (known.get("own"), known.get("bridge")) == (own, bridge):
                    live[month] = {**known, "behind": behind}
                    continue
                table = _month(reader, meters, products, coefficients, month, firsts)
                name = self._write(f"{month}-{turn}.parquet", table)
                live[month] = {"file": name, "rows": len(table), "own": own, "behind": behind, "bridge": bridge}
                yield month
        self._replace(catalogue, turn, {month: live[month] for month in sorted(live) if month in files})

    def _replace(self, before: dict[str, Any], turn: int, months: dict[str, Any]) -> None:
        """Makes ``months`` the live ones; drops what no reader can hold any more, and what a kill left."""
        if months == before["months"]:
            return
        names = {entry["file"] for entry in months.values()}
        gone = {entry["file"]: turn for entry in before["months"].values() if entry["file"] not in names}
        gone |= {name: died for name, died in before["gone"].items() if turn - died < _KEPT_TURNS}
        write_json(self.folder / CATALOGUE, {"turn": turn, "months": months, "gone": gone})
        for path in self.data.iterdir():
            if path.name not in names and path.name not in gone:
                path.unlink(missing_ok=True)

    def _files(self) -> dict[str, list[str]]:
        """The live files of readings by month. They are looked at before they are read: what comes between is taken the next time."""
        catalogue = Catalogue(self.folder, write=False)
        try:
            found = [file for file in catalogue.files() if file.part != IMPLAUSIBLE]
        finally:
            catalogue.close()
        return {part: sorted(file.sm3 for file in group) for part, group in groupby(found, lambda file: file.part)}

    def _write(self, name: str, table: pa.Table) -> str:
        aside = self.data / f"{name}.part"
        try:
            with aside.open("wb") as file:
                pq.write_table(table, file, compression="snappy", use_dictionary=_REPEATING, write_statistics=["point", "start_s"])
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.data / name)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        sync_directory(self.data)
        return name

    # ── reading ──

    def table(self, engine: Any, spans: Sequence[Span], points: Collection[int] | None = None) -> Any:
        """The rows that may touch ``spans``, as an Ibis table of :data:`HOURS`."""
        first, last = (f"{moment.astimezone(UTC):%Y-%m}" for moment in (spans[0].start, spans[-1].end))
        paths = [self.data / entry["file"] for month, entry in sorted(self.live().items()) if first <= month <= last]
        found = engine.read(paths) if paths else engine.table(HOURS.empty_table())
        found = found.filter(found.start_s >= seconds(spans[0].start), found.start_s < seconds(spans[-1].end))
        return found if points is None else found.filter(found.point.isin(sorted(points)))

    def consumption(
        self, engine: Any, entries: Sequence[Entry], coefficients: Sequence[Coefficient], spans: Sequence[Span], by: str = "enterprise"
    ) -> list[Amount]:  # fmt: skip
        """As :func:`shuangkong.series.energy.consumption`, from the hourly table: whole hours only."""
        cells = cells_of(spans, edges_of(coefficients))
        where = Where(cells)
        points = {point for entry in entries for point, _ in entry.points}
        rows = self.table(engine, spans, points if len(points) <= _FEW else None)
        placed = rows.mutate(cell=where.cell_at(rows.start_s), inside=where.span_at(rows.start_s) == where.span_at(rows.end_s - 1))
        placed = placed.filter(placed.cell >= 0)
        parts = placed.group_by("point", "cell").agg(
            quantity=placed.quantity.sum(where=placed.inside).fill_null(0.0),
            covered_s=placed.covered_s.sum(where=placed.inside).fill_null(0).cast("int64"),
            **{fault.value: placed[fault.value].sum(where=placed.inside).fill_null(0).cast("int64") for fault in FAULTS},
            straddling=(~placed.inside).sum().cast("int64"),
        )
        return amounts(engine.arrow(parts).cast(PARTS), entries, coefficients, spans, cells, by)


_FEW = 200


def _digest(*parts: object) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(repr(parts).encode())
    return digest.finalize().hex()


def _begin(month: str) -> datetime:
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)


def _month_behind(month: str) -> str:
    return f"{_begin(month) + timedelta(days=31):%Y-%m}"


def _groups(meters: Collection[Metered]) -> list[tuple[tuple[str, str], list[Metered]]]:
    groups: dict[tuple[str, str], list[Metered]] = {}
    for of in meters:
        groups.setdefault((of.reading, of.meter.kind.value), []).append(of)
    return sorted(groups.items())


def _firsts(reader: Reader, meters: Collection[Metered], month: str) -> dict[tuple[str, str], pa.Table]:
    """The first register of each meter behind a month: the last step of the month may end there."""
    behind = _begin(_month_behind(month))
    groups = [(key, group) for key, group in _groups(meters) if key[1] == MeterKind.REGISTER]
    return {key: bridging(reader, key[0], [of.point for of in group], behind) for key, group in groups}


def _month(
    reader: Reader, meters: Collection[Metered], products: dict[int, str], coefficients: Sequence[Coefficient], month: str,
    firsts: dict[tuple[str, str], pa.Table],
) -> pa.Table:  # fmt: skip
    """The hourly rows of a month of readings."""
    begin, end = _begin(month), _begin(_month_behind(month))
    found = []
    for key, group in _groups(meters):
        doubtful = {of.point for of in group}
        plain = [of for of in group if is_plain(of, seconds(begin), seconds(end)) and _HOUR_S % int(of.meter.interval.total_seconds()) == 0]
        if plain:
            hours, unsettled = _plain_hours(reader, key[0], plain, begin, end)
            found.append(hours)
            doubtful -= {of.point for of in plain} - unsettled
        rest = [of for of in group if of.point in doubtful]
        if rest:
            readings = reader.readings([of.point for of in rest], [key[0]], begin, end).select("point", "time", "value", "quality")
            if key in firsts and len(firsts[key]):
                readings = readings.union(reader.engine.table(firsts[key]))
            steps = steps_of(reader.engine, readings, rest)
            # registers of exchanges in other months make steps there, not here
            steps = steps.filter(steps.start >= seconds(begin), steps.start < seconds(end))
            found.append(reader.arrow(_hours(steps)).cast(_COUNTED))
    if not found:
        return HOURS.empty_table()
    return _valued(pa.concat_tables(found).sort_by([("point", "ascending"), ("start_s", "ascending")]), products, coefficients)


def _plain_hours(reader: Reader, kind: str, meters: Sequence[Metered], begin: datetime, end: datetime) -> tuple[pa.Table, set[int]]:
    """The hours of plain meters, summed before anything is looked at; and the points that have to be gone through step by step."""
    first, last = seconds(begin), seconds(end)
    sums = plain_sums(reader, kind, meters, first, last, lambda time: time.truncate("h"), lambda hour: _whole_seconds(hour) + _HOUR_S)
    start_s, nothing = _whole_seconds(sums.bucket), np.zeros(len(sums.point), np.int64)
    columns = [sums.point, start_s, start_s + _HOUR_S, sums.quantity, sums.covered_s, *[nothing] * len(FAULTS)]
    return pa.table(columns, schema=_COUNTED), sums.doubtful


def _whole_seconds(times: Any) -> Any:
    return times.astype("datetime64[s]").astype(np.int64)


def _hours(steps: Any) -> Any:
    """Steps gathered by the hour in which they lie whole; those over an hour's end stand alone."""
    import ibis

    hour = steps.start - steps.start % _HOUR_S
    whole = steps.end <= hour + _HOUR_S
    placed = steps.mutate(start_s=ibis.ifelse(whole, hour, steps.start), end_s=ibis.ifelse(whole, hour + _HOUR_S, steps.end))
    sound = placed.fault == 0
    return placed.group_by("point", "start_s", "end_s").agg(
        quantity=placed.quantity.sum().fill_null(0.0),
        covered_s=(placed.end - placed.start).sum(where=sound).fill_null(0).cast("int64"),
        **{fault.value: (placed.fault == number).sum().cast("int64") for number, fault in enumerate(FAULTS, 1)},
    )


def _valued(hours: pa.Table, products: dict[int, str], coefficients: Sequence[Coefficient]) -> pa.Table:
    """Hours with coal equivalent and CO2, by the coefficients in force at their beginning."""
    point, start_s = hours["point"].to_numpy(), hours["start_s"].to_numpy()
    rates = np.full((3, len(hours)), np.nan)
    for product in sorted(set(products.values())):
        of_product = np.isin(point, [number for number, name in products.items() if name == product])
        for row in coefficients:
            if row.product == product:
                holds = of_product & (start_s >= seconds(row.start)) & (start_s < seconds(row.end))
                for place, rate in enumerate((row.energy_tce, row.equivalent_tce, row.co2_t)):
                    rates[place, holds] = np.nan if rate is None else rate
    worth = [pa.array(each, from_pandas=True) for each in rates * hours["quantity"].to_numpy()]
    columns = dict(zip(hours.column_names, hours.columns, strict=True)) | dict(zip(_WORTH, worth, strict=True))
    return pa.table([columns[name] for name in HOURS.names], schema=HOURS)
