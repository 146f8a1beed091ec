"""From ledger cells to the values of the energy account: counties, zones, 不分县 and the city (accounting 1, 2, 3, 7, 8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shuangkong.apps.energy.account import LINES, PRODUCT_SIGN, Account, coal_equivalent, merged
from shuangkong.apps.energy.coefficients import SCALE, Coefficients, tce
from shuangkong.apps.energy.places import City, lacking_sentence, quarter_label, short_name
from shuangkong.apps.energy.series import Series, cell_input
from shuangkong.apps.indicators.drafts import Drafts, Figure, spread
from shuangkong.apps.indicators.evidence import SeriesCell, energy_line
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.energy import PERCENT, Basis
from shuangkong.core.figures import RuleRow, Status
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro
from shuangkong.core.rounding import round_half_up

Place = tuple[str, int, str, str]  # lens, subject, period kind, period end
_BASES = (Basis.CALORIFIC, Basis.EQUIVALENT)
_WHOLE = {"energy_total_tce"}
_NAMES = {"terminal": "终端消费", "transformation_loss": "加工转换投入减产出", "loss": "输配损失", "recovery": "回收利用"}


def gather(cells: Iterable[tuple[Any, ...]]) -> dict[Place, Account]:
    """One account per lens, subject and period. A zone's cells count for its county and, apart, for the zone."""
    accounts: dict[Place, Account] = {}
    for lens, subject_id, zone_id, kind, end, product, flow, industry, micro, demonstration, release, *_ in cells:
        line = energy_line(product, flow, industry, zone_id, micro)
        for owner in (subject_id,) if zone_id is None else (subject_id, zone_id):
            place = (lens, owner, kind, end)
            account = accounts.get(place)
            if account is None:
                account = accounts[place] = Account()
            account.add(product, flow, industry, micro, line)
            account.releases.add(release)
            if demonstration:
                account.demonstration = True
    return accounts


@dataclass(slots=True)
class Totals:
    """Total energy by (lens, subject, period code, basis), and the accounts behind for what-if sums at another year's coefficients."""

    figures: dict[tuple[str, int, str, str], Figure] = field(default_factory=dict)
    used: dict[tuple[str, int, str], dict[str, int]] = field(default_factory=dict)


class Balances:
    """Writes the account of each place as drafts and keeps the totals for what follows."""

    def __init__(self, drafts: Drafts, coefficients: Coefficients, totals: Totals, series: Series) -> None:
        self.drafts, self.coefficients, self.totals, self.series = drafts, coefficients, totals, series
        self._rules: dict[tuple[Any, ...], tuple[int | None, bool, bool]] = {}

    def county(self, lens: str, subject: Subject, period: Period, account: Account) -> None:
        """A county, zone or 不分县 from its own cells."""
        Sheet(self, lens, subject, period, account, (), ()).write()

    def city(self, lens: str, city: City, period: Period, parts: Sequence[tuple[Subject, Account]]) -> None:
        """The city: Σ counties + 不分县. A county without an account makes it incomplete and is named (accounting 7)."""
        present = {subject.pk for subject, _ in parts}
        missing = tuple(county for county in city.counties if county.pk not in present)
        for county in missing:
            self.absent(lens, county, period)
        Sheet(self, lens, city.subject, period, merged(a for _, a in parts), tuple(parts), missing).write()

    def absent(self, lens: str, subject: Subject, period: Period) -> None:
        """A county that has not filed: its total is missing, never zero."""
        sentence = f"缺{short_name(subject)}{quarter_label(period)}能源"
        for basis in _BASES:
            figure = self.drafts.add(
                "energy_total_tce", subject, period, None, basis=basis.value, lens=lens, status=Status.MISSING, calculation="energy.total",
                sentence=sentence, lacks=(sentence,),
            )  # fmt: skip
            self.totals.figures[lens, subject.pk, period.code, basis.value] = figure

    def issued_total(self, lens: str, subject: Subject, period: Period) -> SeriesCell | None:
        """The total that the level above handed down, at the equivalent value; it outranks ours (accounting 6, 15)."""
        return self.series.get("energy_total", lens, subject, period) if lens == "issued" else None

    def issued(self, lens: str, subject: Subject, period: Period, cell: SeriesCell, own: Decimal | None) -> None:
        """Write an issued total; where our balance gives another total, say by how much."""
        value = from_micro(cell.micro or 0)
        finding = ""
        if own is not None and value and own != value:
            share = round_half_up((own - value) * PERCENT / value, 2)
            finding = f"按品种平衡测算为{round_half_up(own, 0)} tce，与下达数相差{share}%"
        figure = self.drafts.add(
            "energy_total_tce", subject, period, value, basis=Basis.EQUIVALENT.value, lens=lens, calculation="energy.total_issued",
            demonstration=bool(cell.demonstration), finding=finding,
            inputs=canonical_json([cell_input("下达的能源消费总量", cell, subject)]),
        )  # fmt: skip
        self.totals.figures[lens, subject.pk, period.code, Basis.EQUIVALENT.value] = figure

    def residual(self, lens: str, city: City, period: Period, tolerance_percent: Decimal) -> None:
        """不分县: the city less its counties, stored and shown, never spread, never clipped (accounting 7)."""
        basis = Basis.EQUIVALENT.value
        figures = self.totals.figures
        whole = figures.get((lens, city.subject.pk, period.code, basis))
        counties = [figures[place] for county in city.counties if (place := (lens, county.pk, period.code, basis)) in figures]
        if whole is None or whole.value is None or city.unallocated is None or not counties:
            return
        status, demonstration, recalled = spread((whole, *counties))
        lacking = len(city.counties) - sum(figure.value is not None for figure in counties)
        rest = whole.value - sum((figure.value for figure in counties if figure.value is not None), Decimal(0))
        over = bool(whole.value) and abs(rest) * PERCENT > tolerance_percent * abs(whole.value)
        self.drafts.add(
            "energy_residual_tce", city.unallocated, period, rest, basis=basis, lens=lens, calculation="energy.residual",
            status=Status.INCOMPLETE if lacking else status, demonstration=demonstration, recalled=recalled,
            sentence=f"{lacking}个县缺报，差额含其未报部分" if lacking else "",
            finding=f"不分县差额超过全市的{tolerance_percent}%" if over and not lacking else "",
            inputs=canonical_json(
                [{"label": city.subject.name, "key": whole.key}, *({"label": "减：县市区", "key": figure.key} for figure in counties)]
            ),
        )  # fmt: skip

    def rule_set(self, products: Sequence[str], year: int, basis: Basis) -> tuple[int | None, bool, bool]:
        """The id of the set of coefficient rows of ``products``, whether one is recalled, and whether one is invented (演示)."""
        key = (tuple(sorted(products)), year, basis)
        if key not in self._rules:
            rows: list[RuleRow] = [row for name in key[0] for row in self.coefficients.of(name, year, basis).rows]
            marks = any(row.recalled for row in rows), any(row.demonstration for row in rows)
            self._rules[key] = (self.drafts.rule_sets.id_of(rows), *marks)
        return self._rules[key]


class Sheet:
    """The account of one subject in one period and lens, written at both bases."""

    def __init__(
        self, balances: Balances, lens: str, subject: Subject, period: Period, account: Account,
        parts: Sequence[tuple[Subject, Account]], missing: Sequence[Subject],
    ) -> None:  # fmt: skip
        self.balances, self.lens, self.subject, self.period = balances, lens, subject, period
        self.account, self.parts, self.missing = account, parts, missing
        self.year = period.start.year
        self.sentence = lacking_sentence(missing, period, "能源") if missing else ""
        self._digests: dict[str, str] = {}

    def write(self) -> None:
        """All values of the sheet."""
        used = self.account.used()
        self.balances.totals.used[self.lens, self.subject.pk, self.period.code] = used
        for basis in _BASES:
            lines = {name: self._line(name, self.account.net(signs), basis) for name, signs in LINES.items()}
            self._total(lines, used, basis)
            self._difference(basis)
            self._products(basis)
            self._sectors(basis)

    # what every value of the sheet needs

    def _factor(self, basis: Basis) -> Any:
        of, year = self.balances.coefficients.of, self.year
        return lambda product: of(product, year, basis).units

    def _sum(self, quantities: dict[str, int], basis: Basis) -> tuple[Decimal, tuple[str, ...]]:
        units, lacking = coal_equivalent(quantities, self._factor(basis))
        return tce(units), tuple(self.balances.coefficients.of(product, self.year, basis).why for product in lacking)

    def _add(
        self, code: str, quantities: dict[str, int], basis: Basis, calculation: str, inputs: str, *, status: Status = Status.OK,
        finding: str = "", extra: tuple[str, ...] = (),
    ) -> Figure:  # fmt: skip
        value, whys = self._sum(quantities, basis)
        rule_set_id, recalled, invented = self.balances.rule_set(tuple(quantities), self.year, basis)
        lacks = tuple(part for part in (self.sentence, *whys, *extra) if part)
        if lacks:
            status = Status.INCOMPLETE
        return self.balances.drafts.add(
            code, self.subject, self.period, value, basis=basis.value, lens=self.lens, status=status, calculation=calculation,
            demonstration=self.account.demonstration or invented, recalled=recalled, sentence="；".join(lacks), finding=finding,
            inputs=inputs,
            rule_set_id=rule_set_id, lacks=lacks,
        )  # fmt: skip

    def _inputs(self, code: str, names: Sequence[str], basis: Basis, label: str) -> str:
        """A part of the city is another value; a county reads the ledger."""
        if self.parts:
            tail = f"{self.period.code}|{basis.value}|gross|{self.lens}|"
            whole = code in _WHOLE
            parts = [part for part, account in self.parts if whole or any(name in account.lines for name in names)]
            parts += self.missing if whole else ()
            return canonical_json([{"label": part.name, "key": f"{code}|{part.code}|{tail}"} for part in parts])
        return _query(label, self.subject.code, self.account.read_as or self.period.code, self.lens, *self._read(names))

    def _read(self, names: Sequence[str]) -> tuple[int, str, str]:
        lines = [line for name in names for line in self.account.lines.get(name, ())]
        return len(lines), str(sum(int(line.rpartition("|")[2]) for line in lines)), sm3_hex("\n".join(sorted(lines)).encode())

    # the values

    def _line(self, name: str, quantities: dict[str, int], basis: Basis) -> Figure:
        code = f"energy_{name}_tce"
        inputs = self._inputs(code, [f">{flow}" for flow in LINES[name]], basis, _NAMES[name])
        return self._add(code, quantities, basis, f"energy.{name}", inputs)

    def _total(self, lines: dict[str, Figure], used: dict[str, int], basis: Basis) -> None:
        if self.parts:
            inputs = self._inputs("energy_total_tce", (), basis, "")
        else:
            inputs = canonical_json([{"label": _NAMES[name], "key": figure.key} for name, figure in lines.items()])
        finding = self._finding()
        status = Status.ESTIMATED if finding else Status.OK
        calculation = "energy.total_of_parts" if self.parts else "energy.total"
        issued = self.balances.issued_total(self.lens, self.subject, self.period) if basis is Basis.EQUIVALENT else None
        if issued is not None:
            self.balances.issued(self.lens, self.subject, self.period, issued, own=self._sum(used, basis)[0])
            return
        figure = self._add("energy_total_tce", used, basis, calculation, inputs, status=status, finding=finding)
        self.balances.totals.figures[self.lens, self.subject.pk, self.period.code, basis.value] = figure

    def _finding(self) -> str:
        coefficients = self.balances.coefficients
        over = self.account.over_tolerance(lambda product: coefficients.tolerance_percent(product, self.year))
        if not over:
            return ""
        return f"{'、'.join(coefficients.label(product) for product in over)}的平衡差额超过允许范围"

    def _difference(self, basis: Basis) -> None:
        differences = {product: pair[0] for product, pair in self.account.differences().items()}
        code, label = "energy_balance_difference_tce", "全部流向"
        without = [self.balances.coefficients.label(product) for product in self.account.unbalanced()]
        extra = (f"{'、'.join(without)}未报期初、生产、调入、调出、期末，无从平衡",) if without else ()
        flows = sorted(name for name in self.account.lines if name.startswith(">"))
        inputs = self._inputs(code, flows, basis, label)
        if not differences:
            self.balances.drafts.add(
                code, self.subject, self.period, None, basis=basis.value, lens=self.lens, status=Status.MISSING,
                calculation="energy.difference", demonstration=self.account.demonstration, inputs=inputs,
                sentence="未报供应侧各流向，平衡差额缺报",
            )  # fmt: skip
            return
        self._add(code, differences, basis, "energy.difference", inputs, extra=extra)

    def _products(self, basis: Basis) -> None:
        label = self.balances.coefficients.label
        for product, micro in self.account.net(PRODUCT_SIGN).items():
            code = f"energy_product_tce:{product}"
            self._add(code, {product: micro}, basis, "energy.product", self._inputs(code, (product,), basis, label(product)))

    def _sectors(self, basis: Basis) -> None:
        for industry, quantities in self.account.sectors.items():
            code = f"energy_sector_tce:{industry or 'unassigned'}"
            self._add(code, quantities, basis, "energy.sector", self._inputs(code, (f"@{industry}",), basis, industry or "未分行业"))


def _query(label: str, subject: str, period: str, lens: str, count: int, total: str, sm3: str) -> str:
    return (
        f'[{{"arguments":{{"lens":"{lens}","period":"{period}","subject":"{subject}"}},"count":{count},"label":"{label}",'
        f'"query":"energy","sm3":"{sm3}","sum":"{total}"}}]'
    )


def scaled_total(used: dict[str, int], coefficients: Coefficients, year: int, basis: Basis) -> Decimal | None:
    """The total of ``used`` at the coefficients of ``year``; None where one is missing."""
    units, lacking = coal_equivalent(used, lambda product: coefficients.of(product, year, basis).units)
    return None if lacking else Decimal(units).scaleb(-(SCALE + 6))
