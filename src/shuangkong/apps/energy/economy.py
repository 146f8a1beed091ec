"""GDP at constant prices and its growth, by region, period, price base and lens (accounting 4, 5, 6, 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shuangkong.apps.energy.places import City, lacking_sentence
from shuangkong.apps.energy.series import Series, cell_input
from shuangkong.apps.indicators.drafts import Drafts, Figure, key_inputs
from shuangkong.apps.indicators.evidence import SeriesCell
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import canonical_json
from shuangkong.core.energy import Gdp, chain_gdp, change_percent
from shuangkong.core.figures import Status, worst
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro


@dataclass(frozen=True, slots=True)
class Level:
    """GDP of a subject in a period at one price base, with where it came from."""

    gdp: Gdp
    status: Status
    demonstration: bool
    inputs: tuple[dict[str, object], ...]
    recalled: bool = False

    @property
    def chained(self) -> bool:
        """Whether growths were chained."""
        return self.gdp.uncertainty_pp > 0


class Economy:
    """GDP by lens. City: its own issued figure, else Σ counties + 不分县."""

    def __init__(self, series: Series, cities: Sequence[City], growth_decimals: int) -> None:
        self.series = series
        self._growth_decimals = growth_decimals
        self._city_of = {city.subject.id: city for city in cities}
        self._memo: dict[tuple[str, int, str, int], Level | None] = {}

    def level(self, lens: str, subject: Subject, period: Period, base: int) -> Level | None:
        """GDP at the prices of ``base``; None when it is not known."""
        key = (lens, subject.id, period.code, base)
        if key not in self._memo:
            self._memo[key] = None
            self._memo[key] = self._direct(lens, subject, period, base) or self._summed(lens, subject, period, base) or self._chained(
                lens, subject, period, base
            )  # fmt: skip
        return self._memo[key]

    def rolling(self, lens: str, subject: Subject, period: Period, base: int) -> Level | None:
        """year(t−1) − ytd(t−1) + ytd(t) at one price base."""
        ytd = Period.ytd(period.last_year, period.last_month)
        parts = [
            self.level(lens, subject, Period.year(period.last_year - 1), base),
            self.level(lens, subject, ytd.year_before(), base),
            self.level(lens, subject, ytd, base),
        ]
        if any(part is None for part in parts):
            return None
        year, before, now = (part for part in parts if part is not None)
        value = year.gdp.value - before.gdp.value + now.gdp.value
        uncertainty = max(part.gdp.uncertainty_pp for part in (year, before, now))
        status = worst(part.status for part in (year, before, now))
        marks = any(p.demonstration for p in (year, before, now)), (), any(p.recalled for p in (year, before, now))
        return Level(Gdp(value, base, uncertainty), status, *marks)

    def _direct(self, lens: str, subject: Subject, period: Period, base: int) -> Level | None:
        cell = self.series.get("gdp", lens, subject, period, base)
        if cell is None and period.start.year == base:
            cell = self.series.get("gdp", lens, subject, period, 0)
        if cell is None or cell.micro is None:
            return None
        label = f"{period.label}地区生产总值（{base}年价）"
        inputs = (cell_input(label, cell, subject),)
        return Level(Gdp(from_micro(cell.micro), base), Status.OK, bool(cell.demonstration), inputs, cell.recalled)

    def _summed(self, lens: str, subject: Subject, period: Period, base: int) -> Level | None:
        city = self._city_of.get(subject.id)
        if city is None or not city.counties:
            return None
        levels = [(part, self.level(lens, part, period, base)) for part in city.parts]
        if any(level is None and part != city.unallocated for part, level in levels):
            return None
        known = [level for _, level in levels if level is not None]
        inputs = tuple({"label": part.name, "key": gdp_key(part, period, lens, base, base)} for part, level in levels if level is not None)
        total = sum((level.gdp.value for level in known), Decimal(0))
        uncertainty = max(level.gdp.uncertainty_pp for level in known)
        return Level(
            Gdp(total, base, uncertainty), worst(level.status for level in known), any(level.demonstration for level in known), inputs,
            any(level.recalled for level in known),
        )  # fmt: skip

    def _chained(self, lens: str, subject: Subject, period: Period, base: int) -> Level | None:
        if period.start.year <= base:
            return None
        growth = self.series.get("gdp_growth", lens, subject, period)
        before = self.level(lens, subject, period.year_before(), base)
        if growth is None or growth.rate is None or before is None:
            return None
        gdp = chain_gdp(before.gdp, [Decimal(growth.rate)], self._growth_decimals)
        earlier = {
            "label": f"{period.year_before().label}地区生产总值（{base}年价）",
            "key": gdp_key(subject, period.year_before(), lens, base, base),
        }
        step = cell_input(f"{period.label}地区生产总值增速（可比价）", growth, subject)
        recalled = before.recalled or growth.recalled
        return Level(gdp, Status.ESTIMATED, before.demonstration or bool(growth.demonstration), (earlier, step), recalled)

    def growth(self, lens: str, subject: Subject, period: Period, base: int) -> tuple[Decimal, Level | SeriesCell] | None:
        """Growth at comparable prices: the published one first, else the ratio of levels (accounting 11)."""
        cell = self.series.get("gdp_growth", lens, subject, period)
        if cell is not None and cell.rate is not None:
            return Decimal(cell.rate), cell
        now, before = self.level(lens, subject, period, base), self.level(lens, subject, period.year_before(), base)
        if now is None or before is None or before.gdp.value <= 0:
            return None
        marks = {"demonstration": now.demonstration or before.demonstration, "recalled": now.recalled or before.recalled}
        return change_percent(before.gdp.value, now.gdp.value, "上年同期GDP"), replace(now, **marks)

    def missing_counties(self, lens: str, city: City, period: Period, base: int) -> list[Subject]:
        """Counties whose GDP is not known."""
        return [county for county in city.counties if self.level(lens, county, period, base) is None]


def gdp_key(subject: Subject, period: Period, lens: str, base: int, own_base: int) -> str:
    """The key of a GDP value. The prices of the period's own plan carry no basis; another base is named."""
    return f"gdp_10k_yuan|{subject.code}|{period.code}|{gdp_basis(period, base)}|gross|{lens}|"


def gdp_basis(period: Period, base: int) -> str:
    """Empty for the prices of the period's own five years, else e.g. ``price2025``."""
    return f"price{base}" if period.last_year == base else ""


def write_gdp(drafts: Drafts, economy: Economy, lens: str, subject: Subject, period: Period, base: int, city: City | None) -> Figure | None:
    """GDP of one subject and period as a value; for the city what is missing is named."""
    level = economy.level(lens, subject, period, base)
    code, basis, public = "gdp_10k_yuan", gdp_basis(period, base), lens == "published"
    if level is None:
        if city is None:
            return None
        missing = economy.missing_counties(lens, city, period, base)
        sentence = lacking_sentence(missing, period, "地区生产总值")
        return drafts.add(
            code,
            subject,
            period,
            None,
            calculation="gdp.level",
            lens=lens,
            basis=basis,
            status=Status.MISSING,
            sentence=sentence,
            lacks=(sentence,),
        )
    sentence = f"由{base}年水平与逐年增速连乘，不确定度±{level.gdp.uncertainty_pp}个百分点" if level.chained else ""
    return drafts.add(
        code, subject, period, level.gdp.value, calculation="gdp.chained" if level.chained else "gdp.level", lens=lens, basis=basis,
        status=level.status, demonstration=level.demonstration, recalled=level.recalled, sentence=sentence, public=public,
        uncertainty=level.gdp.uncertainty_pp if level.chained else None, inputs=canonical_json(list(level.inputs)),
    )  # fmt: skip


def write_growth(drafts: Drafts, economy: Economy, lens: str, subject: Subject, period: Period, base: int) -> Figure | None:
    """Growth of GDP as a value."""
    found = economy.growth(lens, subject, period, base)
    if found is None:
        return None
    rate, source = found
    code, public = "gdp_growth_percent", lens == "published"
    if isinstance(source, SeriesCell):
        label = f"{period.label}地区生产总值增速（可比价）"
        return drafts.add(
            code, subject, period, rate, calculation="gdp.growth_filed", lens=lens, demonstration=bool(source.demonstration), public=public,
            recalled=source.recalled, inputs=canonical_json([cell_input(label, source, subject)]),
        )  # fmt: skip
    inputs = key_inputs((gdp_key(subject, p, lens, base, base), p.label) for p in (period, period.year_before()))
    return drafts.add(
        code, subject, period, rate, calculation="gdp.growth_of_levels", lens=lens, status=worst((Status.ESTIMATED, source.status)),
        demonstration=source.demonstration, recalled=source.recalled, public=public,
        sentence="未发布可比价增速，按不变价水平之比估算", inputs=inputs,
    )  # fmt: skip
