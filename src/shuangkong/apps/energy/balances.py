"""From ledger cells to the values of the energy account: counties, zones, 不分县 and the city (accounting 1, 2, 3, 7, 8)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from functools import cached_property
from typing import Any

from shuangkong.apps.energy.account import LINES, PRODUCT_SIGN, Account, coal_equivalent, merged, over_tolerance
from shuangkong.apps.energy.coefficients import Coefficients, tce, tce_text
from shuangkong.apps.energy.places import City, lacking_sentence, quarter_label, short_name
from shuangkong.apps.energy.series import Series, cell_input
from shuangkong.apps.indicators.drafts import Drafts, Figure, key_inputs, spread
from shuangkong.apps.indicators.evidence import INDUSTRY, SeriesCell, energy_line, is_division
from shuangkong.apps.indicators.sections import Sections
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.energy import PERCENT, Basis
from shuangkong.core.figures import RuleRow, Status, worst
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro
from shuangkong.core.rounding import round_half_up

Place = tuple[str, int, str, str]  # lens, subject, period kind, period end
_BASES = (Basis.CALORIFIC, Basis.EQUIVALENT)
#: An amount has 21 decimals: sums and differences of amounts are not rounded.
_EXACT_DIGITS = 60
#: The words of the bases: an enum's ``value`` costs more than the sum that it names.
_WORDS = {Basis.CALORIFIC: "calorific", Basis.EQUIVALENT: "equivalent"}
_NAMES = {"terminal": "终端消费", "transformation_loss": "加工转换投入减产出", "loss": "输配损失", "recovery": "回收利用"}


#: How a cell names its industry: all of them, industry as a whole, one division of it, another sector.
_WHOLE, _INDUSTRY, _DIVISION, _SECTOR = 1, 2, 4, 8
#: A cell without industry and quantity: lens, subject, zone, period kind and end, product, flow.
_FLOW = 7


def overlaps(cells: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    """Flows of which a total and its parts were both filed, with what was filed: adding them up would count the parts twice."""
    anywhere: dict[str, int] = {}
    for flow, industry in {cell[_FLOW - 1 : _FLOW + 1] for cell in cells}:
        anywhere[flow] = anywhere.get(flow, 0) | _kind(industry)
    asked = {flow for flow, filed in anywhere.items() if _overlap(filed)}  # mostly none: then no place need be looked at
    found: dict[tuple[Any, ...], int] = {}
    for cell in cells if asked else ():
        if cell[_FLOW - 1] in asked:
            found[cell[:_FLOW]] = found.get(cell[:_FLOW], 0) | _kind(cell[_FLOW])
    return {flow: filed for flow, filed in found.items() if _overlap(filed)}


def _overlap(filed: int) -> bool:
    return filed > _WHOLE and bool(filed & _WHOLE or (filed & _INDUSTRY and filed & _DIVISION))


def _kind(industry: str) -> int:
    if not industry:
        return _WHOLE
    if industry == INDUSTRY:
        return _INDUSTRY
    return _DIVISION if is_division(industry) else _SECTOR


def _is_part(filed: int, industry: str) -> bool:
    """Whether the cell of an industry is a part of another one of its flow."""
    return bool(filed & _WHOLE or (filed & _INDUSTRY and _kind(industry) == _DIVISION))


def gather(cells: Collection[tuple[Any, ...]]) -> dict[Place, Account]:
    """One account per lens, subject and period. A zone's cells count for its county and, apart, for the zone.

    Where a flow was filed in total and by industry, the total counts and the industries are what is known of its parts.
    """
    accounts: dict[Place, Account] = {}
    twice = overlaps(cells)
    for lens, subject_id, zone_id, kind, end, product, flow, industry, micro, demonstration, release, *_ in cells:
        line = energy_line(product, flow, industry, zone_id, micro)
        for owner in (subject_id,) if zone_id is None else (subject_id, zone_id):
            place = (lens, owner, kind, end)
            account = accounts.get(place)
            if account is None:
                account = accounts[place] = Account()
            filed = twice.get((lens, subject_id, zone_id, kind, end, product, flow), 0) if twice else 0
            if not filed:
                account.add(product, flow, industry, micro, line)
            elif not industry:
                account.add_whole(product, flow, micro, line)
            elif _is_part(filed, industry):
                account.add_part(product, flow, industry, micro, line)
            else:
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

    def __init__(self, drafts: Drafts, coefficients: Coefficients, totals: Totals, series: Series, sections: Sections) -> None:
        self.drafts, self.coefficients, self.totals, self.series, self.sections = drafts, coefficients, totals, series, sections
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
            place = (lens, subject.pk, period.code, basis.value)
            if place in self.totals.figures:  # its total was issued without a balance
                continue
            self.totals.figures[place] = self.drafts.add(
                "energy_total_tce", subject, period, None, basis=basis.value, lens=lens, status=Status.MISSING, calculation="energy.total",
                sentence=sentence, lacks=(sentence,),
            )  # fmt: skip

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
            demonstration=bool(cell.demonstration), recalled=cell.recalled, finding=finding,
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
        with localcontext() as context:
            context.prec = _EXACT_DIGITS
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
        self._used, self._nets = account.used(), {name: account.net(signs) for name, signs in LINES.items()}
        self._queries: dict[str, str] = {}

    def write(self) -> None:
        """All values of the sheet; of one that is kept only the totals, on which others rest."""
        self.balances.totals.used[self.lens, self.subject.id, self.place.code] = self._used
        kept = self._kept()
        for basis in _BASES:
            self._units = self.balances.coefficients.table(self.year, basis)
            self._tails = [_part_tail(part, self.place.code, basis, self.lens) for part, _ in self.parts]
            self._total(basis)
            if kept:
                continue
            for name, net in self._nets.items():
                if net:
                    self._line(name, net, basis)
            self._difference(basis)
            self._products(basis)
            self._sectors(basis)

    def _name(self, subject: Subject) -> str:
        return f"sheet|{self.lens}|{subject.id}|{self.period.kind}|{self.period.end}"

    def _kept(self) -> bool:
        """Whether the sheet rests on what the current one rests on: its rows, or those of its parts."""
        now = self.balances.sections.now
        parts = [f"{part.code}|{part.name}|{now[self._name(part)]}" for part, _ in self.parts]
        rows = sorted(line for lines in self.account.product_lines.values() for line in lines)
        head = f"{self.subject.code}|{self.account.read_as}|{self.account.demonstration}|{self.sentence}"
        return self.balances.sections.kept(self._name(self.subject), [head, *parts, *rows])

    # what every value of the sheet needs

    def _put(
        self, code: str, quantities: dict[str, int], basis: Basis, calculation: str, inputs: str, status: str = "ok", finding: str = "",
        extra: str = "",
    ) -> tuple[str, int, tuple[str, ...]]:  # fmt: skip
        """Write one amount; answers with its key, its units and what it lacks."""
        units, lacking = coal_equivalent(quantities, self._units)
        rule_set_id, recalled, invented = self.balances.rule_set(tuple(quantities), self.year, basis)
        lacks: tuple[str, ...] = ()
        if lacking or self.sentence or extra:
            whys = (self.balances.coefficients.of(product, self.year, basis).why for product in lacking)
            lacks = tuple(part for part in (self.sentence, *whys, extra) if part)
            status = "incomplete"
        key = self.balances.drafts.put(
            self.place, code, _WORDS[basis], tce_text(units), status, self.account.demonstration or invented, recalled, calculation,
            "；".join(lacks), finding, inputs, rule_set_id,
        )  # fmt: skip
        return key, units, lacks

    def _whole(self) -> str:
        if ">" not in self._queries:
            lines = [line for kept in self.account.product_lines.values() for line in kept]
            self._queries[">"] = self._query("能源平衡", lines, sum(map(self.account.filed, self.account.flows)))
        return self._queries[">"]

    def _query(self, label: str, lines: list[str], total: int) -> str:
        """An input that is a query over the ledger, as canonical text."""
        lines.sort()
        sm3 = sm3_hex("\n".join(lines).encode())
        return (
            f'[{{"arguments":{{"lens":"{self.lens}","period":"{self.account.read_as or self.place.code}","subject":"{self.subject.code}"}},'
            f'"count":{len(lines)},"label":"{label}","query":"energy","sm3":"{sm3}","sum":"{total}"}}]'
        )

    def _of_parts(self, code: str, having: Callable[[Account], object] | None = None) -> str:
        """Inputs that are the values of the parts, as canonical text."""
        pairs = zip(self.parts, self._tails, strict=True)
        return f"[{','.join([_PART % (code, tail) for (_, account), tail in pairs if having is None or having(account)])}]"

    # the values

    def _line(self, name: str, net: dict[str, int], basis: Basis) -> None:
        code, flows = f"energy_{name}_tce", LINES[name].keys()
        if self.parts:
            inputs = self._of_parts(code, lambda account: any(not flows.isdisjoint(of) for of in account.flows.values()))
        else:
            inputs = self._whole()
        self._put(code, net, basis, f"energy.{name}", inputs)

    def _total(self, basis: Basis) -> None:
        issued = self.balances.issued_total(self.lens, self.subject, self.period) if basis is Basis.EQUIVALENT else None
        if issued is not None:
            own, _ = coal_equivalent(self._used, self._units)
            self.balances.issued(self.lens, self.subject, self.period, issued, own=None if self.missing else tce(own))
            return
        code, finding = "energy_total_tce", self._over_tolerance
        status = worst((Status.ESTIMATED if finding else Status.OK, *self._statuses(basis)))
        finding = "；".join(part for part in (finding, self._against_issued(basis)) if part)
        if self.parts:
            self._tails += [_part_tail(part, self.place.code, basis, self.lens) for part in self.missing]
            inputs = f"[{','.join([_PART % (code, tail) for tail in self._tails])}]"
            self._tails = self._tails[: len(self.parts)]
        else:
            where = f"|{self.subject.code}|{self.place.code}|{_WORDS[basis]}|gross|{self.lens}|"
            inputs = key_inputs((f"energy_{name}_tce{where}", _NAMES[name]) for name, net in self._nets.items() if net)
        calculation = "energy.total_of_parts" if self.parts else "energy.total"
        key, units, lacks = self._put(code, self._used, basis, calculation, inputs, status.value, finding)
        _, recalled, invented = self.balances.rule_set(tuple(self._used), self.year, basis)
        status = Status.INCOMPLETE if lacks else status
        self.balances.totals.figures[self.lens, self.subject.id, self.place.code, _WORDS[basis]] = Figure(
            tce(units), status, self.account.demonstration or invented, recalled, key, tce(units), lacks
        )

    def _statuses(self, basis: Basis) -> list[Status]:
        """How good the totals of the parts are: a sum is no better."""
        found = (self.balances.totals.figures.get((self.lens, part.id, self.place.code, _WORDS[basis])) for part, _ in self.parts)
        return [figure.status for figure in found if figure is not None]

    def _against_issued(self, basis: Basis) -> str:
        """What was reported beside what was issued (accounting 6); of a city the parts that reported, for nobody reports 不分县."""
        if self.lens != "reported":
            return ""
        places = [part for part, _ in self.parts] or [self.subject]
        found = [self.balances.totals.figures.get(("issued", place.id, self.place.code, _WORDS[basis])) for place in places]
        issued = [figure.value for figure in found if figure is not None and figure.usable and figure.value]
        units, lacking = coal_equivalent(self._used, self._units)
        if len(issued) < len(places) or lacking or self.missing:
            return ""
        whole = sum(issued)
        share = round_half_up((tce(units) - whole) * PERCENT / whole, 2)
        words = "各县市区填报数之和比核定数之和" if self.parts else "填报数比核定数"
        return f"{words}{'多' if share > 0 else '少'}{abs(share)}%" if share else ""

    @cached_property
    def _balanced(self) -> dict[str, tuple[int, int]]:
        return self.account.differences()

    @cached_property
    def _over_tolerance(self) -> str:
        coefficients = self.balances.coefficients
        over = over_tolerance(self._balanced, lambda product: coefficients.tolerance_percent(product, self.year))
        return f"{'、'.join(coefficients.label(product) for product in over)}的平衡差额超过允许范围" if over else ""

    def _difference(self, basis: Basis) -> None:
        code = "energy_balance_difference_tce"
        inputs = self._of_parts(code) if self.parts else self._whole()
        differences = {product: pair[0] for product, pair in self._balanced.items()}
        if not differences:
            self.balances.drafts.put(
                self.place, code, _WORDS[basis], None, "missing", self.account.demonstration, False, "energy.difference",
                "未报供应侧各流向，平衡差额缺报", "", inputs, None,
            )  # fmt: skip
            return
        without = [self.balances.coefficients.label(product) for product in self.account.unbalanced()]
        extra = f"{'、'.join(without)}未报期初、生产、调入、调出、期末，无从平衡" if without else ""
        self._put(code, differences, basis, "energy.difference", inputs, extra=extra)

    def _products(self, basis: Basis) -> None:
        coefficients = self.balances.coefficients
        other = coefficients.table(self.year, Basis.EQUIVALENT)
        calorific = basis is Basis.CALORIFIC
        for product, micro in self.account.net(PRODUCT_SIGN).items():
            if calorific and self._units[product] == other[product]:
                continue
            code = f"energy_product_tce:{product}"
            if self.parts:
                inputs = self._of_parts(code, lambda account, product=product: product in account.flows)  # type: ignore[misc]
            else:
                total = self.account.filed(product)
                inputs = self._query(coefficients.label(product), self.account.product_lines[product], total)
            self._put(code, {product: micro}, basis, "energy.product", inputs)

    def _sectors(self, basis: Basis) -> None:
        for industry, quantities in self.account.sectors.items():
            if not quantities:
                continue  # supply rows stand under no industry
            code = f"energy_sector_tce:{industry or 'unassigned'}"
            if self.parts:
                inputs = self._of_parts(code, lambda account, industry=industry: account.sectors.get(industry))  # type: ignore[misc]
            elif (inputs := self._queries.get(industry, "")) == "":
                lines, total = self.account.sector_lines[industry], self.account.sector_sums[industry]
                inputs = self._queries[industry] = self._query(industry or "未分行业", lines, total)
            self._put(code, quantities, basis, "energy.sector", inputs)


_PART = '{"key":"%s%s'


def _part_tail(part: Subject, period_code: str, basis: Basis, lens: str) -> str:
    """What follows the indicator's code in the input of one part."""
    return f'|{part.code}|{period_code}|{_WORDS[basis]}|gross|{lens}|","label":{canonical_json(part.name)}}}'


def scaled_total(used: dict[str, int], coefficients: Coefficients, year: int, basis: Basis) -> Decimal | None:
    """The total of ``used`` at the coefficients of ``year``; None where one is missing."""
    units, lacking = coal_equivalent(used, coefficients.table(year, basis))
    return None if lacking else tce(units)
