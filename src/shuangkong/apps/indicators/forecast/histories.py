"""What a forecast knows: months and quarters of each place, without a gap, from the current values. One statement for all places.

Quarters are differences of what is filed from January on (accounting 10). January and February are one season. GDP of two price bases
is joined at the year that stands at both, by its ratio (accounting 4). An incomplete figure is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import NamedTuple

from shuangkong.apps.indicators.drafts import number_text
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.indicators.tables import ACCOUNT, asks_for, opened
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import sm3_hex
from shuangkong.core.figures import Status
from shuangkong.core.periods import Period
from shuangkong.core.rounding import WORKING_DIGITS

TOTAL, GDP, ELECTRICITY, CO2 = "energy_total_tce", "gdp_10k_yuan", "electricity_10k_kwh", "energy_co2_t"
INTENSITY = "energy_intensity_tce_per_10k_yuan"
_PLACES = (Subject.Kind.CITY, Subject.Kind.COUNTY, Subject.Kind.ZONE)
HEADLINE = "equivalent"
_PRICE = "price"
#: At which basis units file.
UNIT_BASIS = "calorific"
SECTOR = "energy_sector_tce:"
_QUARTERS = (3, 6, 9, 12)
_FIRST_SEASON = 2


class Known(NamedTuple):
    """One current value as a history reads it."""

    number: Decimal
    demonstration: bool
    recalled: bool


@dataclass(frozen=True, slots=True)
class Series:
    """Periods in order with their numbers (None: not known). ``code`` and ``label`` say what it is."""

    code: str
    label: str
    spans: tuple[Period, ...]
    numbers: tuple[Decimal | None, ...]
    demonstration: bool = False
    recalled: bool = False

    def at(self) -> dict[Period, Decimal]:
        """Number by period, of those known."""
        return {span: number for span, number in zip(self.spans, self.numbers, strict=True) if number is not None}

    def stretch(self, shortest: int) -> Series:
        """The newest stretch without a gap of at least ``shortest`` periods; an empty series where there is none."""
        best = (0, 0)
        for begin, end in reversed(self._stretches()):
            if end - begin >= shortest:
                best = (begin, end)
                break
        return self.part(*best)

    def part(self, begin: int, end: int) -> Series:
        """The periods from ``begin`` to before ``end``."""
        return Series(self.code, self.label, self.spans[begin:end], self.numbers[begin:end], self.demonstration, self.recalled)

    def _stretches(self) -> list[tuple[int, int]]:
        found, begin = [], None
        for place, number in enumerate((*self.numbers, None)):
            if number is not None and begin is None:
                begin = place
            elif number is None and begin is not None:
                found.append((begin, place))
                begin = None
        return found

    def since(self, span: Period) -> Series:
        """From ``span`` on to before the next gap; empty where ``span`` is not known."""
        if span not in self.spans:
            return self.part(0, 0)
        begin = self.spans.index(span)
        end = next((place for place in range(begin, len(self.numbers)) if self.numbers[place] is None), len(self.numbers))
        return self.part(begin, end)

    @property
    def evidence(self) -> dict[str, object]:
        """What was read, to be compared and shown."""
        lines = [f"{span.code}|{number_text(number)}" for span, number in zip(self.spans, self.numbers, strict=True)]
        first, last = (self.spans[0].label, self.spans[-1].label) if self.spans else ("", "")
        return {
            "label": self.label, "code": self.code, "first": first, "last": last, "count": len(self.spans),
            "sm3": sm3_hex("\n".join(lines).encode()),
        }  # fmt: skip


@dataclass(slots=True)
class History:
    """All that is known of one place."""

    subject: Subject
    values: dict[tuple[str, str, Period], Known] = field(default_factory=dict)

    def number(self, code: str, basis: str, period: Period) -> Decimal | None:
        """One number; None where it is not known."""
        known = self.values.get((code, basis, period))
        return None if known is None else known.number

    def basis(self, code: str) -> str:
        """The basis at which an amount is known: the headline's, else the first there is."""
        found = sorted({basis for of, basis, _period in self.values if of == code}, key=lambda basis: (basis != HEADLINE, basis))
        return found[0] if found else ""

    @property
    def sectors(self) -> list[str]:
        """The codes of industries of which anything is known."""
        return sorted({code for code, _basis, _period in self.values if code.startswith(SECTOR)})

    def _years(self, code: str) -> range:
        years = [period.last_year for of, _basis, period in self.values if of == code]
        return range(min(years), max(years) + 1) if years else range(0)

    def _series(self, code: str, label: str, cells: Iterable[tuple[Period, Decimal | None]]) -> Series:
        pairs = list(cells)
        while pairs and pairs[-1][1] is None:
            pairs.pop()
        of = [known for (of_code, _basis, _period), known in self.values.items() if of_code == code]
        marks = any(known.demonstration for known in of), any(known.recalled for known in of)
        return Series(code, label, tuple(span for span, _ in pairs), tuple(number for _, number in pairs), *marks)

    def quarters(self, code: str, basis: str, label: str) -> Series:
        """Quarters of an amount that is filed from January on."""
        return self._series(code, label, self._quarter_cells(code, basis))

    def _quarter_cells(self, code: str, basis: str) -> list[tuple[Period, Decimal | None]]:
        cells = []
        for year in self._years(code):
            before: Decimal | None = Decimal(0)
            for quarter, month in enumerate(_QUARTERS, 1):
                now = self.number(code, basis, Period.ytd(year, month))
                cells.append((Period.quarter(year, quarter), None if now is None or before is None else now - before))
                before = now
        return cells

    def electricity_seasons(self) -> Series:
        """1–2月, 3月 … 12月 of electricity."""
        cells: list[tuple[Period, Decimal | None]] = []
        for year in self._years(ELECTRICITY):
            first = [self.number(ELECTRICITY, "", Period.month(year, month)) for month in (1, _FIRST_SEASON)]
            both = None if first[0] is None or first[1] is None else first[0] + first[1]
            cells.append((Period.ytd(year, _FIRST_SEASON), both))
            cells += [(span, self.number(ELECTRICITY, "", span)) for month in range(3, 13) for span in (Period.month(year, month),)]
        return self._series(ELECTRICITY, "用电量（1—2月合并）", cells)

    def electricity_quarters(self) -> Series:
        """Quarters of electricity, of those whose three months are known."""
        cells = []
        for year in self._years(ELECTRICITY):
            for quarter in range(1, 5):
                months = [self.number(ELECTRICITY, "", Period.month(year, month)) for month in range(3 * quarter - 2, 3 * quarter + 1)]
                known = [number for number in months if number is not None]
                cells.append((Period.quarter(year, quarter), sum(known, Decimal(0)) if len(known) == len(months) else None))
        return self._series(ELECTRICITY, "用电量（季度）", cells)

    def gdp_quarters(self) -> Series:
        """Quarters of GDP at the newest price base; earlier ones are brought to it by the year that stands at both."""
        spans, numbers = [], []
        factor, plain = Decimal(1), dict(self._quarter_cells(GDP, ""))
        with localcontext() as context:
            context.prec = WORKING_DIGITS
            for year in reversed(self._years(GDP)):
                rebased = dict(self._quarter_cells(GDP, f"{_PRICE}{year}"))
                own = [plain.get(Period.quarter(year, quarter)) for quarter in (4, 3, 2, 1)]
                new = [rebased.get(Period.quarter(year, quarter)) for quarter in (4, 3, 2, 1)]
                stands = any(number is not None for number in new)
                shown = [None if number is None else number * factor for number in (new if stands else own)]
                factor *= _ratio(new, own)
                spans += [Period.quarter(year, quarter) for quarter in (4, 3, 2, 1)]
                numbers += shown
        return self._series(GDP, "地区生产总值（不变价，季度）", zip(reversed(spans), reversed(numbers), strict=True))


def _ratio(new: Sequence[Decimal | None], old: Sequence[Decimal | None]) -> Decimal:
    """The year at its own prices ÷ at those before; 1 where it does not stand at both."""
    pair = [[number for number in side if number is not None] for side in (new, old)]
    if len(pair[0]) < len(new) or len(pair[1]) < len(old):
        return Decimal(1)
    return sum(pair[0], Decimal(0)) / sum(pair[1], Decimal(0))


def ratio_of(code: str, label: str, above: Series, below: Series) -> Series:
    """``above`` ÷ ``below`` where both are known."""
    upper, lower = above.at(), below.at()
    spans = [span for span in above.spans if span in lower]
    with localcontext() as context:
        context.prec = WORKING_DIGITS
        numbers = [upper[span] / lower[span] if span in upper and lower[span] > 0 else None for span in spans]
    marks = above.demonstration or below.demonstration, above.recalled or below.recalled
    return Series(code, label, tuple(spans), tuple(numbers), *marks)


def read_histories() -> list[History]:
    """The city, its counties and zones with what is known of them, in order; then the units, of which their own total is known."""
    return [*_of_places(), *_of_units()]


def _of_units() -> list[History]:
    """Units: the total that they filed, at the calorific basis. Read as the headline's, so that a unit is forecast as a place is."""
    found = Value.objects.unscoped("forecasts are made of every unit and shown by scope").filter(
        current__isnull=False, release="", lens="reported", basis=UNIT_BASIS, subject__kind=Subject.Kind.ENTERPRISE,
        indicator__code=TOTAL, period_kind="ytd", value__isnull=False, status__in=[Status.OK.value, Status.ESTIMATED.value],
    )  # fmt: skip
    histories: dict[int, History] = {}
    for value in found.select_related("subject").order_by("subject__position", "subject__code"):
        history = histories.setdefault(value.subject_id, History(value.subject))
        history.values[TOTAL, UNIT_BASIS, value.period] = Known(value.value, value.demonstration, value.recalled)
    return list(histories.values())


def _of_places() -> list[History]:
    found = Value.objects.unscoped("forecasts are made of every place and shown by scope").filter(
        current__isnull=False, release="", lens="issued", treatment="gross", value__isnull=False, subject__kind__in=_PLACES,
        indicator__code__in=(TOTAL, GDP, ELECTRICITY, CO2), period_kind__in=("month", "ytd"),
    )  # fmt: skip
    usable = found.filter(status__in=[Status.OK.value, Status.ESTIMATED.value]).exclude(basis="calorific")
    histories = {subject.pk: History(subject) for subject in Subject.objects.filter(kind__in=_PLACES).order_by("position", "code")}
    columns = ("subject_id", "indicator__code", "basis", "period_kind", "period_start", "period_end", "value", "demonstration", "recalled")
    for subject, code, basis, kind, start, end, number, demonstration, recalled in usable.values_list(*columns):
        histories[subject].values[code, basis, Period(start, end, kind)] = Known(number, demonstration, recalled)
    for line in _sectors():
        if line.value is not None:
            known = Known(line.value, line.demonstration, line.recalled)
            histories[line.subject_id].values[line.indicator.code, line.basis, line.period] = known
    return [history for history in histories.values() if history.values]


def _sectors() -> list[Value]:
    """The industries of the city as a whole, lines of its accounts. Two statements."""
    tables = Value.objects.unscoped("forecasts are made of every industry and shown by scope").filter(
        current__isnull=False, release="", lens="issued", subject__kind=Subject.Kind.CITY, indicator__code=ACCOUNT, period_kind="ytd"
    )
    sound = (Status.OK.value, Status.ESTIMATED.value)
    lines = opened(tables.select_related("indicator", "subject"), asks_for([SECTOR]))
    return [line for line in lines if line.basis == HEADLINE and line.status in sound]


def marks_of(*series: Series) -> Mapping[str, bool]:
    """Demonstration and recalled marks of what rests on all of them."""
    return {"demonstration": any(s.demonstration for s in series), "recalled": any(s.recalled for s in series)}
