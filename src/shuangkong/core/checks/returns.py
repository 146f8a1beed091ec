"""What a check may look at: one return with all that stands beside it, or the returns of a whole region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from ..errors import InputError
from ..forms import Cells, Form, rows_of
from ..periods import Period
from ..quantities import unit_of
from ..rounding import round_half_up

#: A cell in the series of one address: its period and its value.
Point = tuple[Period, Decimal]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of unit consumption: what a standard allows at most, in its unit, and where it says so."""

    product: str
    value: Decimal
    unit: str
    source: str


@dataclass(frozen=True)
class Return:
    """One return and what stands beside it. All but form, subject, period and cells may be unknown.

    ``previous`` and ``year_ago`` are the cells of the period before and of the same period last year; ``history`` the earlier periods,
    oldest first; ``peers`` the same form of comparable subjects; ``metered`` and ``issued`` figures of others by address, in the unit of
    the cell; ``limits`` by the product as filed; ``before_return`` the cells of the round that was sent back.
    """

    form: Form
    subject_code: str
    period: Period
    cells: Cells
    previous: Cells | None = None
    year_ago: Cells | None = None
    history: Sequence[tuple[Period, Cells]] = ()
    peers: Sequence[Cells] = ()
    metered: Mapping[str, Decimal] = field(default_factory=dict)
    issued: Mapping[str, Decimal] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)
    before_return: Cells | None = None
    _series: dict[str, tuple[Point, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def hours(self) -> int:
        """The hours of the period."""
        return (self.period.end - self.period.start).days * 24

    def number(self, address: str) -> Decimal | None:
        """The number in a cell; None where it is not filled in or holds no number."""
        return number_at(self.form, self.cells, address)

    def beside(self, cells: Cells | None, address: str) -> Decimal | None:
        """The number that stands in ``cells`` of another period where ``address`` stands here.

        Rows of a repeating table are found by what their first column of words says, not by their place.
        """
        return number_at(self.form, cells or {}, self._same_row(cells or {}, address))

    def _same_row(self, cells: Cells, address: str) -> str:
        place = self.form.place(address)
        if place is None or place[0].shape == "fixed":
            return address
        table, line, column = address.split(".")
        name = next((each.key for each in place[0].columns if each.kind == "text"), "")
        rows = (row for row in rows_of(place[0], cells) if cells.get(f"{table}.{row}.{name}") == self.cells.get(f"{table}.{line}.{name}"))
        return f"{table}.{next(rows, 'none')}.{column}"

    def series(self, address: str) -> tuple[Point, ...]:
        """The values of a cell over time, this return last. Cumulative figures are taken apart into what each period added."""
        if address not in self._series:
            rows = [*self.history, (self.period, self.cells)]
            points = [(period, value) for period, cells in rows if (value := self.beside(cells, address)) is not None]
            self._series[address] = tuple(_increments(points)) if self.period.kind == "ytd" else tuple(points)
        return self._series[address]


@dataclass(frozen=True, slots=True)
class Group:
    """The returns of one form and period in a region: who owes one, what came, and the region's own return."""

    form: Form
    period: Period
    expected: Mapping[str, str]
    filed: Mapping[str, Cells]
    whole: Cells | None = None


def number_at(form: Form, cells: Cells, address: str) -> Decimal | None:
    """The number in a cell of ``form``; None where there is none."""
    place = form.place(address)
    text = cells.get(address)
    return Decimal(text) if text is not None and place is not None and place[2].is_number else None


def _increments(points: Sequence[Point]) -> Iterator[Point]:
    """What each cumulative figure added to the one before in its year; the first of a year adds all of itself."""
    yield from points[:1]
    for (before, low), (period, value) in pairwise(points):
        same_year = before.start == period.start
        yield (Period(before.end, period.end, "month"), value - low) if same_year else (period, value)


def matching(form: Form, cells: Cells, patterns: Sequence[str]) -> list[str]:
    """The filled-in number cells whose address fits one of ``patterns`` (``table.line.column``, ``*`` for any), in order."""
    wanted = [pattern.split(".") for pattern in patterns]
    return [
        address
        for address in sorted(cells)
        if any(all(w in ("*", part) for w, part in zip(pattern, address.split("."), strict=True)) for pattern in wanted)
        and number_at(form, cells, address) is not None
    ]


def factor_of(form: Form, address: str) -> Decimal | None:
    """What turns the figure of a cell into base units; None where its unit has none (ratios, prices, hours)."""
    place = form.place(address)
    try:
        return unit_of(place[0].unit(place[1], place[2]))[1] if place else None
    except InputError:
        return None


def shown(value: Decimal) -> str:
    """A figure as it is written in a finding."""
    return f"{value:,f}"


def percent(share: Decimal) -> str:
    """A share in percent, to one decimal: 3.4%."""
    return f"{round_half_up(share * 100, 1)}%"
