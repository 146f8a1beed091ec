"""Electricity by month and 1–n月; a month that was filed only as a total is derived and says so (accounting 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuangkong.apps.energy.places import City, lacking_sentence, short_name
from shuangkong.apps.energy.series import ORIGINS, Series, cell_input, period_of
from shuangkong.apps.indicators.drafts import Drafts, Figure, spread
from shuangkong.apps.indicators.evidence import SeriesCell
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import canonical_json
from shuangkong.core.energy import change_percent
from shuangkong.core.figures import Status
from shuangkong.core.periods import Period

CODE, GROWTH = "electricity_10k_kwh", "electricity_growth_percent"
#: The whole of society's use stands under no sector; where only sectors are filed they are summed.
WHOLE = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Electricity of a period in micro units with the cells it rests on; ``lacks`` names missing months."""

    micro: int
    cells: tuple[SeriesCell, ...]
    derived: str = ""
    lacks: tuple[str, ...] = ()


class Power:
    """Electricity of one lens: what is filed, and what follows from it."""

    def __init__(self, series: Series, lens: str) -> None:
        self._filed: dict[tuple[int, str], list[SeriesCell]] = {}
        best = {origin: rank for rank, origin in enumerate(ORIGINS[lens])}
        for owner, cell in series.all("electricity"):
            if cell.origin in best and cell.micro is not None:
                self._filed.setdefault((owner, period_of(cell.kind, cell.end).code), []).append(cell)
        for place, cells in self._filed.items():
            self._filed[place] = _one_origin(cells, best)

    def filed(self, subject: Subject, period: Period) -> Use | None:
        """As filed: the whole, else the sum of its sectors."""
        cells = self._filed.get((subject.pk, period.code), [])
        whole = [cell for cell in cells if cell.industry == WHOLE] or cells
        return Use(sum(cell.micro or 0 for cell in whole), tuple(whole)) if whole else None

    def subjects_years(self) -> dict[int, set[int]]:
        """Which years each subject filed anything of."""
        found: dict[int, set[int]] = {}
        for subject_id, code in self._filed:
            found.setdefault(subject_id, set()).add(int(code[:4]))
        return found

    def months(self, year: int) -> int:
        """The last month of ``year`` that anybody filed; 0 for none."""
        ends = [Period.parse(code).last_month for _, code in self._filed if code.startswith(f"{year}-")]
        return max(ends, default=0)

    def month(self, subject: Subject, year: int, month: int) -> Use | None:
        """One month: as filed, else the difference of two totals (it may be negative after a revision)."""
        direct = self.filed(subject, Period.month(year, month))
        if direct is not None:
            return direct
        total = self.filed(subject, Period.ytd(year, month))
        before = self.filed(subject, Period.ytd(year, month - 1)) if month > 1 else Use(0, ())
        if total is None or before is None:
            return None
        derived = f"由1—{month}月累计减1—{month - 1}月累计推算" if month > 1 else ""
        return Use(total.micro - before.micro, (*total.cells, *before.cells), derived)

    def ytd(self, subject: Subject, year: int, month: int) -> Use | None:
        """1–n月: as filed, else the sum of the months; a month that is missing makes it incomplete."""
        direct = self.filed(subject, Period.ytd(year, month))
        if direct is not None:
            return direct
        months = {m: self.month(subject, year, m) for m in range(1, month + 1)}
        known = [use for use in months.values() if use is not None]
        if not known:
            return None
        lacks = tuple(f"{m}月" for m, use in months.items() if use is None)
        return Use(sum(use.micro for use in known), tuple(c for use in known for c in use.cells), f"由1—{month}月各月相加", lacks)


def _one_origin(cells: Sequence[SeriesCell], rank: dict[str, int]) -> list[SeriesCell]:
    first = min(rank[cell.origin] for cell in cells)
    return [cell for cell in cells if rank[cell.origin] == first]


class ElectricityAccount:
    """Writes the electricity of one lens for a city, its counties and its zones."""

    def __init__(self, drafts: Drafts, series: Series, lens: str) -> None:
        self.drafts, self.lens = drafts, lens
        self.power = Power(series, lens)
        self.written: dict[tuple[int, str], Figure] = {}

    def city(self, city: City, years: Sequence[int]) -> None:
        """Every month and 1–n月 that anybody has filed."""
        for year in years:
            for month in range(1, self.power.months(year) + 1):
                for period in (Period.month(year, month), Period.ytd(year, month)):
                    self._period(city, period)

    def _period(self, city: City, period: Period) -> None:
        own = [(part, self._use(part, period)) for part in city.parts]
        if all(use is None for _, use in own):
            return
        for part, use in own:
            if use is not None or part != city.unallocated:
                self._write(part, period, use)
        for zone in city.zones:
            if (use := self._use(zone, period)) is not None:
                self._write(zone, period, use)
        self._whole(city, period, [(part, use) for part, use in own if use is not None])

    def _use(self, subject: Subject, period: Period) -> Use | None:
        find = self.power.month if period.kind == "month" else self.power.ytd
        return find(subject, period.start.year, period.last_month)

    def _write(self, subject: Subject, period: Period, use: Use | None) -> None:
        if use is None:
            sentence = f"缺{short_name(subject)}{period.label}电量"
            self._keep(subject, period, None, status=Status.MISSING, sentence=sentence, calculation="electricity.filed")
            return
        lacks = f"缺{short_name(subject)}{'、'.join(use.lacks)}电量" if use.lacks else ""
        label = f"{period.label}电量"
        inputs = canonical_json([cell_input(label, cell, subject) for cell in use.cells[:48]])
        self._keep(
            subject, period, use.micro, status=Status.INCOMPLETE if lacks else Status.OK, sentence=lacks or use.derived, inputs=inputs,
            demonstration=any(cell.demonstration for cell in use.cells),
            calculation="electricity.derived" if use.derived else "electricity.filed",
        )  # fmt: skip

    def _whole(self, city: City, period: Period, parts: Sequence[tuple[Subject, Use]]) -> None:
        own = self._use(city.subject, period)
        if own is not None and own.cells and not own.lacks:
            self._write(city.subject, period, own)
            return
        figures = [self.written[part.pk, period.code] for part, _ in parts]
        missing = [county for county in city.counties if county.pk not in {part.pk for part, _ in parts}]
        sentences = [lacking_sentence(missing, period, "电量")] if missing else []
        sentences += [f"{short_name(part)}缺{'、'.join(use.lacks)}" for part, use in parts if use.lacks]
        _, demonstration, _ = spread(figures)
        inputs = canonical_json(
            [{"label": part.name, "key": self.written[part.pk, period.code].key} for part in (*[p for p, _ in parts], *missing)]
        )
        self._keep(
            city.subject, period, sum(use.micro for _, use in parts), status=Status.INCOMPLETE if sentences else Status.OK,
            sentence="；".join(sentences), inputs=inputs, demonstration=demonstration, calculation="electricity.total_of_parts",
        )  # fmt: skip

    def _keep(self, subject: Subject, period: Period, micro: int | None, **fields: Any) -> None:
        value = None if micro is None else Decimal(micro).scaleb(-6)
        figure = self.drafts.add(CODE, subject, period, value, lens=self.lens, **fields)
        self.written[subject.pk, period.code] = figure
        before = self.written.get((subject.pk, period.year_before().code))
        if before is not None:
            self._growth(subject, period, figure, before)

    def _growth(self, subject: Subject, period: Period, figure: Figure, before: Figure) -> None:
        status, demonstration, recalled = spread((figure, before))
        inputs = canonical_json([{"label": period.label, "key": figure.key}, {"label": period.year_before().label, "key": before.key}])
        rate = None
        if figure.usable and before.usable and before.value is not None and figure.value is not None and before.value > 0:
            rate = change_percent(before.value, figure.value, "上年同期电量")
        self.drafts.add(
            GROWTH, subject, period, rate, lens=self.lens, calculation="electricity.growth", demonstration=demonstration, recalled=recalled,
            status=status if rate is None else Status.ESTIMATED if status is Status.OK else status, inputs=inputs,
            sentence="" if rate is not None else "本期或上年同期电量不完整，增速不算",
        )  # fmt: skip
