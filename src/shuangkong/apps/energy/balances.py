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
from shuangkong.apps.indicators.drafts import Drafts, Figure, key_inputs, spread
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
        if own is not None and value:
            share = round_half_up((own - value) * PERCENT / value, 2)
            finding = f"按品种平衡测算比下达数{'多' if share > 0 else '少'}{abs(share)}%" if share else ""
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

    def rule_set(self, products: tuple[str, ...], year: int, basis: Basis) -> tuple[int | None, bool, bool]:
        """The id of the set of coefficient rows of ``products``, whether one is recalled, and whether one is invented (演示)."""
        key = (products, year, basis.value)
        found = self._rules.get(key)
        if found is None:
            rows: list[RuleRow] = [row for name in sorted(products) for row in self.coefficients.of(name, year, basis).rows]
            marks = any(row.recalled for row in rows), any(row.demonstration for row in rows)
            found = self._rules[key] = (self.drafts.rule_sets.id_of(rows), *marks)
        return found


class Sheet:
    """The account of one subject in one period and lens, written at both bases.

    A product whose coefficient is the same at both bases is written once, at the equivalent value.
    """

    def __init__(
        self, balances: Balances, lens: str, subject: Subject, period: Period, account: Account,
        parts: Sequence[tuple[Subject, Account]], missing: Sequence[Subject],
    ) -> None:  # fmt: skip
        self.balances, self.lens, self.subject, self.period = balances, lens, subject, period
        self.account, self.parts, self.missing = account, parts, missing
        self.year = period.start.year
        self.place = balances.drafts.at(subject, period, lens)
        self.sentence = lacking_sentence(missing, period, "能源") if missing else ""

    def write(self) -> None:
        """All values of the sheet."""
        used = self.account.used()
        self.balances.totals.used[self.lens, self.subject.id, self.place.code] = used
        nets = {name: self.account.net(signs) for name, signs in LINES.items()}
        whole = self._whole_query()
        for basis in _BASES:
            lines = {name: self._line(name, net, basis, whole) for name, net in nets.items() if net}
            self._total(lines, used, basis)
            self._difference(basis, whole)
            self._products(basis)
            self._sectors(basis)

    # what every value of the sheet needs

    def _add(
        self, code: str, quantities: dict[str, int], basis: Basis, calculation: str, inputs: str, *, status: Status = Status.OK,
        finding: str = "", extra: str = "",
    ) -> Figure:  # fmt: skip
        units, lacking = coal_equivalent(quantities, self.balances.coefficients.table(self.year, basis))
        rule_set_id, recalled, invented = self.balances.rule_set(tuple(quantities), self.year, basis)
        lacks: tuple[str, ...] = ()
        if lacking or self.sentence or extra:
            whys = (self.balances.coefficients.of(product, self.year, basis).why for product in lacking)
            lacks = tuple(part for part in (self.sentence, *whys, extra) if part)
            status = Status.INCOMPLETE
        return self.balances.drafts.put(
            self.place, code, basis.value, tce(units), status, self.account.demonstration or invented, recalled, calculation,
            "；".join(lacks), finding, inputs, rule_set_id, lacks,
        )  # fmt: skip

    def _whole_query(self) -> str:
        lines = [line for kept in self.account.product_lines.values() for line in kept]
        return self._query("能源平衡", lines, sum(sum(flows.values()) for flows in self.account.flows.values()))

    def _query(self, label: str, lines: list[str], total: int) -> str:
        """An input that is a query over the ledger, as canonical text."""
        lines.sort()
        sm3 = sm3_hex("\n".join(lines).encode())
        return (
            f'[{{"arguments":{{"lens":"{self.lens}","period":"{self.account.read_as or self.place.code}","subject":"{self.subject.code}"}},'
            f'"count":{len(lines)},"label":"{label}","query":"energy","sm3":"{sm3}","sum":"{total}"}}]'
        )

    def _of_parts(self, code: str, basis: Basis, subjects: Iterable[Subject]) -> str:
        tail = f"|{self.place.code}|{basis.value}|gross|{self.lens}|"
        return key_inputs((f"{code}|{part.code}{tail}", part.name) for part in subjects)

    # the values

    def _line(self, name: str, net: dict[str, int], basis: Basis, whole: str) -> Figure:
        code = f"energy_{name}_tce"
        flows = LINES[name]
        if self.parts:
            having = [part for part, account in self.parts if any(not flows.keys().isdisjoint(of) for of in account.flows.values())]
            whole = self._of_parts(code, basis, having)
        return self._add(code, net, basis, f"energy.{name}", whole)

    def _total(self, lines: dict[str, Figure], used: dict[str, int], basis: Basis) -> None:
        issued = self.balances.issued_total(self.lens, self.subject, self.period) if basis is Basis.EQUIVALENT else None
        if issued is not None:
            own, _ = coal_equivalent(used, self.balances.coefficients.table(self.year, basis))
            self.balances.issued(self.lens, self.subject, self.period, issued, own=None if self.missing else tce(own))
            return
        code, finding = "energy_total_tce", self._finding()
        if self.parts:
            inputs = self._of_parts(code, basis, [*(part for part, _ in self.parts), *self.missing])
        else:
            inputs = key_inputs((figure.key, _NAMES[name]) for name, figure in lines.items())
        status = Status.ESTIMATED if finding else Status.OK
        calculation = "energy.total_of_parts" if self.parts else "energy.total"
        finding = "；".join(part for part in (finding, self._against_issued(used, basis)) if part)
        figure = self._add(code, used, basis, calculation, inputs, status=status, finding=finding)
        self.balances.totals.figures[self.lens, self.subject.id, self.place.code, basis.value] = figure

    def _against_issued(self, used: dict[str, int], basis: Basis) -> str:
        """What was reported beside what was issued (accounting 6)."""
        if self.lens != "reported":
            return ""
        issued = self.balances.totals.figures.get(("issued", self.subject.id, self.place.code, basis.value))
        units, lacking = coal_equivalent(used, self.balances.coefficients.table(self.year, basis))
        if issued is None or not issued.usable or not issued.value or lacking or self.missing:
            return ""
        share = round_half_up((tce(units) - issued.value) * PERCENT / issued.value, 2)
        return f"填报数比核定数{'多' if share > 0 else '少'}{abs(share)}%" if share else ""

    def _finding(self) -> str:
        coefficients = self.balances.coefficients
        over = self.account.over_tolerance(lambda product: coefficients.tolerance_percent(product, self.year))
        if not over:
            return ""
        return f"{'、'.join(coefficients.label(product) for product in over)}的平衡差额超过允许范围"

    def _difference(self, basis: Basis, whole: str) -> None:
        differences = {product: pair[0] for product, pair in self.account.differences().items()}
        code = "energy_balance_difference_tce"
        inputs = self._of_parts(code, basis, [part for part, _ in self.parts]) if self.parts else whole
        if not differences:
            self.balances.drafts.put(
                self.place, code, basis.value, None, Status.MISSING, self.account.demonstration, False, "energy.difference",
                "未报供应侧各流向，平衡差额缺报", "", inputs, None,
            )  # fmt: skip
            return
        without = [self.balances.coefficients.label(product) for product in self.account.unbalanced()]
        extra = f"{'、'.join(without)}未报期初、生产、调入、调出、期末，无从平衡" if without else ""
        self._add(code, differences, basis, "energy.difference", inputs, extra=extra)

    def _products(self, basis: Basis) -> None:
        coefficients = self.balances.coefficients
        mine = coefficients.table(self.year, basis)
        other = coefficients.table(self.year, Basis.EQUIVALENT)
        for product, micro in self.account.net(PRODUCT_SIGN).items():
            if basis is Basis.CALORIFIC and mine[product] == other[product]:
                continue
            code = f"energy_product_tce:{product}"
            if self.parts:
                inputs = self._of_parts(code, basis, [part for part, account in self.parts if product in account.flows])
            else:
                total = sum(self.account.flows[product].values())
                inputs = self._query(coefficients.label(product), self.account.product_lines[product], total)
            self._add(code, {product: micro}, basis, "energy.product", inputs)

    def _sectors(self, basis: Basis) -> None:
        for industry, quantities in self.account.sectors.items():
            if not quantities:
                continue  # supply rows stand under no industry
            code = f"energy_sector_tce:{industry or 'unassigned'}"
            if self.parts:
                inputs = self._of_parts(code, basis, [part for part, account in self.parts if account.sectors.get(industry)])
            else:
                inputs = self._query(industry or "未分行业", self.account.sector_lines[industry], self.account.sector_sums[industry])
            self._add(code, quantities, basis, "energy.sector", inputs)


def scaled_total(used: dict[str, int], coefficients: Coefficients, year: int, basis: Basis) -> Decimal | None:
    """The total of ``used`` at the coefficients of ``year``; None where one is missing."""
    units, lacking = coal_equivalent(used, coefficients.table(year, basis))
    return None if lacking else Decimal(units).scaleb(-(SCALE + 6))
