"""Electricity by month and 1–n月; a month that was filed only as a total is derived and says so (accounting 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuangkong.apps.energy.places import City, lacking_sentence, short_name
from shuangkong.apps.energy.series import Series, period_of
from shuangkong.apps.indicators.drafts import At, Drafts, Figure, key_inputs, number_text, spread, value_key
from shuangkong.apps.indicators.evidence import SeriesCell, adding_up, digest
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.energy import change_percent
from shuangkong.core.figures import Status, worst
from shuangkong.core.periods import Period

CODE, GROWTH = "electricity_10k_kwh", "electricity_growth_percent"
_ORIGINS = {"issued": ("published", "issued"), "reported": ("reported", "metered")}
_MONTHS = range(1, 13)


@dataclass(frozen=True, slots=True)
class Use:
    """Electricity of a period in micro units. ``inputs`` is canonical text; ``lacks`` names missing months."""

    micro: int
    demonstration: bool
    inputs: str
    calculation: str
    derived: str = ""
    lacks: tuple[str, ...] = ()


class Power:
    """Electricity of one lens: what is filed, and what follows from it."""

    def __init__(self, series: Series, lens: str) -> None:
        self._lens = lens
        self._filed: dict[tuple[int, str, str], list[SeriesCell]] = {}
        rank = {origin: place for place, origin in enumerate(_ORIGINS[lens])}
        for owner, cell in series.all("electricity"):
            if cell.origin in rank and cell.micro is not None:
                self._filed.setdefault((owner, cell.kind, cell.end), []).append(cell)
        for place, cells in self._filed.items():
            self._filed[place] = _one_origin(cells, rank)
        self._months = {(owner, period_of(kind, end)) for owner, kind, end in self._filed}
        self._uses: dict[tuple[int, str], Use | None] = {}

    def use(self, subject: Subject, period: Period) -> Use | None:
        """A month or 1–n月, as filed or as it follows; worked out once."""
        key = (subject.id, period.code)
        if key not in self._uses:
            find = self.month if period.kind == "month" else self.ytd
            self._uses[key] = find(subject, period.start.year, period.last_month)
        return self._uses[key]

    def filed(self, subject: Subject, period: Period) -> Use | None:
        """As filed: the whole, else the sum of its sectors."""
        cells = self._filed.get((subject.id, period.kind, period.end.isoformat()))
        if not cells:
            return None
        whole = adding_up(cells)
        total = sum(cell.micro or 0 for cell in whole)
        arguments = f'{{"lens":"{self._lens}","period":"{period.code}","subject":"{subject.code}"}}'
        sm3 = digest([cell.evidence for cell in whole])
        inputs = f'[{{"arguments":{arguments},"count":{len(whole)},"label":"用电量","query":"electricity","sm3":"{sm3}","sum":"{total}"}}]'
        return Use(total, any(cell.demonstration for cell in whole), inputs, "electricity.filed")

    def last_months(self, owners: set[int]) -> dict[int, int]:
        """Per year the last month that one of ``owners`` filed."""
        found: dict[int, int] = {}
        for owner, period in self._months:
            if owner in owners:
                year = period.last_year
                found[year] = max(found.get(year, 0), period.last_month)
        return found

    def month(self, subject: Subject, year: int, month: int) -> Use | None:
        """One month: as filed, else the difference of two totals (it may be negative after a revision)."""
        direct = self.filed(subject, Period.month(year, month))
        if direct is not None:
            return direct
        total = self.filed(subject, Period.ytd(year, month))
        if total is None:
            return None
        now = self._key(subject, Period.ytd(year, month))
        if month == 1:
            return Use(total.micro, total.demonstration, key_inputs([(now, "1月累计")]), "electricity.difference")
        before = self.filed(subject, Period.ytd(year, month - 1))
        if before is None:
            return None
        inputs = key_inputs([(now, f"1—{month}月累计"), (self._key(subject, Period.ytd(year, month - 1)), f"减：1—{month - 1}月累计")])
        derived = f"由1—{month}月累计减1—{month - 1}月累计推算"
        return Use(total.micro - before.micro, total.demonstration or before.demonstration, inputs, "electricity.difference", derived)

    def ytd(self, subject: Subject, year: int, month: int) -> Use | None:
        """1–n月: as filed, else the sum of the months; a month that is missing makes it incomplete."""
        direct = self.filed(subject, Period.ytd(year, month))
        if direct is not None:
            return direct
        months = {m: self.use(subject, Period.month(year, m)) for m in _MONTHS[:month]}
        known = {m: use for m, use in months.items() if use is not None}
        if not known:
            return None
        inputs = key_inputs((self._key(subject, Period.month(year, m)), f"{m}月") for m in months)
        lacks = tuple(f"{m}月" for m, use in months.items() if use is None)
        return Use(
            sum(use.micro for use in known.values()), any(use.demonstration for use in known.values()), inputs, "electricity.sum_of_months",
            f"由1—{month}月各月相加", lacks,
        )  # fmt: skip

    def _key(self, subject: Subject, period: Period) -> str:
        return value_key(CODE, subject.code, period, "", "gross", self._lens, "")


def _one_origin(cells: Sequence[SeriesCell], rank: dict[str, int]) -> list[SeriesCell]:
    first = min(rank[cell.origin] for cell in cells)
    return [cell for cell in cells if rank[cell.origin] == first]


class ElectricityAccount:
    """Writes the electricity of one lens for a city, its counties and its zones."""

    def __init__(self, drafts: Drafts, power: Power, lens: str) -> None:
        self.drafts, self.power, self.lens = drafts, power, lens
        self.written: dict[tuple[int, str], Figure] = {}

    def city(self, city: City) -> None:
        """Every month and 1–n月 that anybody has filed."""
        owners = {part.id for part in (city.subject, *city.parts, *city.zones)}
        for year, last in sorted(self.power.last_months(owners).items()):
            for month in range(1, last + 1):
                for period in (Period.month(year, month), Period.ytd(year, month)):
                    self._period(city, period)

    def _period(self, city: City, period: Period) -> None:
        own = [(part, self.power.use(part, period)) for part in city.parts]
        whole = self.power.use(city.subject, period)
        if whole is None and all(use is None for _, use in own):
            return
        for part, use in own:
            if use is not None or part != city.unallocated:
                self._write(part, period, use)
        for zone in city.zones:
            if (use := self.power.use(zone, period)) is not None:
                self._write(zone, period, use)
        if whole is not None and not whole.lacks:
            self._write(city.subject, period, whole)
        else:
            self._whole(city, period, [(part, use) for part, use in own if use is not None])

    def _write(self, subject: Subject, period: Period, use: Use | None) -> None:
        if use is None:
            sentence = f"缺{short_name(subject)}{period.label}电量"
            self._keep(subject, period, None, Status.MISSING, False, sentence, "electricity.filed", "[]")
            return
        lacks = f"缺{short_name(subject)}{'、'.join(use.lacks)}电量" if use.lacks else ""
        status = Status.INCOMPLETE if lacks else Status.OK
        self._keep(subject, period, use.micro, status, use.demonstration, lacks or use.derived, use.calculation, use.inputs)

    def _whole(self, city: City, period: Period, parts: Sequence[tuple[Subject, Use]]) -> None:
        present = {part.id for part, _ in parts}
        missing = [county for county in city.counties if county.id not in present]
        sentences = [lacking_sentence(missing, period, "电量")] if missing else []
        sentences += [f"{short_name(part)}缺{'、'.join(use.lacks)}" for part, use in parts if use.lacks]
        code = period.code
        inputs = key_inputs((self.written[part.id, code].key, part.name) for part in (*(part for part, _ in parts), *missing))
        status = Status.INCOMPLETE if sentences else Status.OK
        demonstration = any(use.demonstration for _, use in parts)
        total = sum(use.micro for _, use in parts)
        self._keep(city.subject, period, total, status, demonstration, "；".join(sentences), "electricity.total_of_parts", inputs)

    def _keep(
        self, subject: Subject, period: Period, micro: int | None, status: Status, demonstration: bool, sentence: str, calculation: str,
        inputs: str,
    ) -> None:  # fmt: skip
        value = None if micro is None else Decimal(micro).scaleb(-6)
        place = self.drafts.at(subject, period, self.lens)
        text = number_text(value)
        key = self.drafts.put(place, CODE, "", text, status.value, demonstration, False, calculation, sentence, "", inputs, None)
        figure = Figure(value, status, demonstration, False, key, value)
        self.written[subject.id, place.code] = figure
        before = self.written.get((subject.id, period.year_before().code))
        if before is not None:
            self._growth(place, period, figure, before)

    def _growth(self, place: At, period: Period, figure: Figure, before: Figure) -> None:
        status, demonstration, _ = spread((figure, before))
        inputs = key_inputs([(figure.key, period.label), (before.key, period.year_before().label)])
        rate, sentence = None, "本期或上年同期电量不完整，增速不算"
        if figure.usable and before.usable and figure.value is not None and before.value is not None and before.value > 0:
            rate, sentence = change_percent(before.value, figure.value, "上年同期电量"), ""
            status = worst((status, Status.ESTIMATED))
        text = number_text(rate)
        self.drafts.put(place, GROWTH, "", text, status.value, demonstration, False, "electricity.growth", sentence, "", inputs, None)
