"""What all kinds of the ledger share. A new kind copies ``electricity.py``: columns, key and a checker that makes lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.imports.kinds import CONFIRM, Fault, Form
from shuangkong.apps.ledger.imports.columns import Places, Scale, micro_of, scale_of
from shuangkong.apps.ledger.imports.lines import AT, Line
from shuangkong.apps.ledger.imports.sink import LedgerSink
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.errors import InputError, NotInForce
from shuangkong.core.quantities import BASE_UNITS, unit_of

Made = tuple[tuple[Any, ...], "Line | None", tuple[Fault, ...]]


class LedgerKind:
    """A kind whose rows go to the ledger."""

    id: str
    title: str
    about: str
    version = 1
    place_column = "place"
    has_series = False
    sink = LedgerSink()

    def may_import(self, user: Any) -> bool:
        """The city's people, and counties and zones for themselves."""
        if not user.is_active:
            return False
        if user.role == User.Role.CITY:
            return True
        kinds = (Subject.Kind.COUNTY, Subject.Kind.ZONE)
        return user.role == User.Role.COUNTY and user.subject_id is not None and user.subject.kind in kinds

    def origins(self, user: Any) -> tuple[str, ...]:
        """A county reports; the city's people load what was issued or published, with its document."""
        return ("issued", "published") if user.sees_all else ("reported",)

    def series(self, line: Sequence[Any]) -> tuple[tuple[Any, ...], int] | None:
        """The series whose lines must share a price base, and the line's base; asked only where ``has_series``."""
        return None


class LedgerChecker:
    """Turns pieces into lines and remembers what the comparison with the ledger needs. ``measure`` may differ from row to row."""

    quantity_column = "quantity"

    def __init__(self, user: Any, form: Form) -> None:
        self.form = form
        self.places = Places(user)
        self.book = current_rulebook()
        self._known_on = form.known_on.isoformat()
        self._measures: set[str] = set()
        self._ends: set[str] = set()
        self._late: set[str] = set()
        self._limits: dict[str, int] = {}
        self._zone_fits: dict[tuple[int | None, int], bool] = {}

    def facts(self) -> dict[str, Any]:
        """Which part of the ledger the lines can meet."""
        return {"measures": sorted(self._measures), "ends": [min(self._ends, default=""), max(self._ends, default="")]}

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[Made]:
        """A line or the reasons against it for each row; the cell's key first."""
        raise NotImplementedError

    def note(self, periods: Iterable[tuple[str, str, str]], measures: Iterable[str]) -> None:
        """Remembers, once a piece, what the comparison needs, and which periods are not over."""
        self._measures.update(measures)
        self._ends.update({period[2] for period in set(periods)} - self._ends)
        self._late = {end for end in self._ends if end > self._known_on}

    def made(self, line: Line, faults: tuple[Fault, ...] = ()) -> Made:
        """The answer for a line; adds what is wrong with its period and zone."""
        if line.period_end in self._late:
            faults = (*faults, self._not_over())
        if line.zone is not None and not self._fits(line.county, line.zone):
            faults = (*faults, Fault("zone", _("园区不在这个地区"), "", _("核对地区与园区；确实跨区的请确认"), CONFIRM))
        return line.key, line, faults

    def _not_over(self) -> Fault:
        day = self.form.known_on.isoformat()
        return Fault(
            "period", _("期末晚于发布（报送）日期"), _("这一期到 {day} 还没有结束").format(day=day), _("核对期别与发布（报送）日期")
        )

    def _fits(self, county: int | None, zone: int) -> bool:
        pair = (county, zone)
        if pair not in self._zone_fits:
            self._zone_fits[pair] = self.places.fits(*pair)
        return self._zone_fits[pair]

    def refused(self, fault: Fault) -> Made:
        """The answer for a row that makes no line."""
        return (), None, (fault,)

    def largest(self, dimension: str) -> int:
        """Above how many micro-units a cell is asked about."""
        if dimension not in self._limits:
            number = self.book.at(f"import.largest.{dimension}", self.book.default_region, self.form.known_on).number
            self._limits[dimension] = int(scale_of(number).micro)
        return self._limits[dimension]

    def quantity(self, raw: Any, scale: Scale, dimension: str, *, may_fall: bool = False) -> tuple[int | None, tuple[Fault, ...]]:
        """10⁻⁶ base units and what is wrong with them: not a number, negative, or beyond what is plausible."""
        column = self.quantity_column
        try:
            micro = micro_of(raw, scale)
        except InputError as error:
            return None, (Fault.of(column, error),)
        if micro < 0 and not may_fall:
            return None, (Fault(column, _("数量是负数"), _("这一项不会小于零"), _("核对正负号与流向")),)
        limit = self.largest(dimension)
        if -limit <= micro <= limit:
            return micro, ()
        shown = f"{limit // 10**6:,} {BASE_UNITS.get(dimension, '%')}"
        return micro, (Fault(column, _("数量异常大"), _("超过 {limit}").format(limit=shown), _("核对数值与单位；确实如此请确认"), CONFIRM),)


class Units:
    """What one unit as written is worth, asked once for each pair of dimension and unit."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Scale | Fault] = {}

    def of(self, dimension: str, unit: str) -> Scale | Fault:
        """What one ``unit`` is worth; coal equivalent may also be weighed (吨, 万吨)."""
        pair = (dimension, unit)
        if pair not in self._known:
            self._known[pair] = self._asked(dimension, unit)
        return self._known[pair]

    def _asked(self, dimension: str, unit: str) -> Scale | Fault:
        try:
            found, factor = unit_of(unit)
        except InputError as error:
            return Fault.of("unit", error)
        if found == dimension or (dimension, found) == ("energy", "mass"):
            return scale_of(factor)
        wanted = BASE_UNITS[dimension]
        return Fault(
            "unit",
            _("单位“{unit}”与这一项的量不符").format(unit=unit),
            _("应为可换算到 {wanted} 的单位").format(wanted=wanted),
            _("核对品种与单位"),
        )


def price_base_in_force(period_end: str, book: Any) -> int | None:
    """The price base of the five-year period in which a period lies; None where the rulebook has none."""
    try:
        return int(book.at("statistics.gdp_price_base", book.default_region, date.fromisoformat(period_end) - timedelta(days=1)).number)
    except NotInForce:
        return None


def staged_at(line: Sequence[Any], name: str) -> Any:
    """A column of a staged list."""
    return line[AT[name]]
