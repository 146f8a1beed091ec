"""From ledger cells to the values of the energy account: counties, zones, 不分县 and the city (accounting 1, 2, 3, 7, 8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from functools import cached_property
from operator import mul
from typing import Any

from shuangkong.apps.energy import ground
from shuangkong.apps.energy.account import LINES, Account, coal_equivalent, merged, over_tolerance
from shuangkong.apps.energy.coefficients import Coefficients, tce, tce_text
from shuangkong.apps.energy.gathering import Filed, rows_behind
from shuangkong.apps.energy.places import City, lacking_sentence, quarter_label, short_name
from shuangkong.apps.energy.series import Series, cell_input
from shuangkong.apps.indicators.drafts import Drafts, Figure, key_inputs, spread
from shuangkong.apps.indicators.evidence import SeriesCell
from shuangkong.apps.indicators.sections import Sections
from shuangkong.apps.indicators.tables import ACCOUNT, line_tail
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import canonical_json
from shuangkong.core.energy import PERCENT, Basis
from shuangkong.core.figures import RuleRow, Status, worst
from shuangkong.core.periods import Period
from shuangkong.core.quantities import from_micro
from shuangkong.core.rounding import round_half_up

_BASES = (Basis.CALORIFIC, Basis.EQUIVALENT)
#: An amount has 21 decimals: sums and differences of amounts are not rounded.
_EXACT_DIGITS = 60
#: The words of the bases: an enum's ``value`` costs more than the sum that it names.
_WORDS = {Basis.CALORIFIC: "calorific", Basis.EQUIVALENT: "equivalent"}
#: A line: its code, the products and quantities of which it is the sum, and what it lacks besides coefficients.
Amount = tuple[str, tuple[str, ...], tuple[int, ...], str]
_NAMES = {"terminal": "终端消费", "transformation_loss": "加工转换投入减产出", "loss": "输配损失", "recovery": "回收利用"}
_DIFFERENCE, _PRODUCT = "energy_balance_difference_tce", "energy_product_tce:"


@dataclass(slots=True)
class Totals:
    """Total energy by (lens, subject, period code, basis), and the accounts behind for what-if sums at another year's coefficients."""

    figures: dict[tuple[str, int, str, str], Figure] = field(default_factory=dict)
    used: dict[tuple[str, int, str], Mapping[str, int]] = field(default_factory=dict)


class Balances:
    """Writes the account of each place as drafts and keeps the totals for what follows."""

    def __init__(self, drafts: Drafts, coefficients: Coefficients, totals: Totals, series: Series, sections: Sections) -> None:
        self.drafts, self.coefficients, self.totals, self.series, self.sections = drafts, coefficients, totals, series, sections
        self._sums: dict[tuple[int, ...], Account] = {}
        self._marks: dict[tuple[Any, ...], dict[tuple[tuple[str, ...], str], Marks]] = {}
        self.heads = {basis: Heads(drafts, basis) for basis in _BASES}

    def county(self, lens: str, subject: Subject, period: Period, filed: Filed) -> None:
        """A county, zone or 不分县 from its own cells."""
        Sheet(self, lens, subject, period, filed, (), ()).write()

    def city(self, lens: str, city: City, period: Period, parts: Sequence[tuple[Subject, Filed]]) -> None:
        """The city: Σ counties + 不分县. A county without an account makes it incomplete and is named (accounting 7)."""
        present = {subject.id for subject, _ in parts}
        missing = tuple(county for county in city.counties if county.id not in present)
        Sheet(self, lens, city.subject, period, None, tuple(parts), missing).write()

    def unaccounted(self, lens: str, subject: Subject, period: Period, *, awaited: bool) -> None:
        """A place without an account: its total may be issued all the same, and is missing where the city's parts are ``awaited``."""
        cell = self.issued_total(lens, subject, period)
        if cell is None and not awaited:
            return
        name, place = section_of(lens, subject, period), (lens, subject.id, period.code)
        if self.kept(name, place, [ground.subject_line(subject), self.issued_line(subject, cell), str(awaited)]):
            return
        if cell is not None:
            self.issued(lens, subject, period, cell, own=None)
        if awaited:
            self.absent(lens, subject, period)
        self.note(name, place)

    def issued_line(self, subject: Subject, cell: SeriesCell | None) -> str:
        """All that is read of an issued total."""
        return "" if cell is None else ground.cell_line(subject.id, cell)

    def kept(self, name: str, place: tuple[str, int, str], lines: Iterable[str]) -> bool:
        """Whether a section rests on what it rested on; then its totals are taken as they were."""
        if not self.sections.kept(name, lines):
            return False
        for word in _WORDS.values():
            if (figure := self.sections.noted(f"{name}|{word}")) is not None:
                self.totals.figures[*place, word] = figure
        if (used := self.sections.noted_amounts(name)) is not None:
            self.totals.used[place] = used
        return True

    def note(self, name: str, place: tuple[str, int, str]) -> None:
        """The totals of a section that was made are remembered."""
        for word in _WORDS.values():
            if (figure := self.totals.figures.get((*place, word))) is not None:
                self.sections.note(f"{name}|{word}", figure)
        if (used := self.totals.used.get(place)) is not None:
            self.sections.note_amounts(name, used)

    def sum_of(self, accounts: Sequence[Account]) -> Account:
        """Their sum, made once for a year and the 1–12月 that it was filed as."""
        same = tuple(id(account.memo) for account in accounts)
        if same not in self._sums:
            self._sums[same] = merged(accounts)
        return self._sums[same]

    def absent(self, lens: str, subject: Subject, period: Period) -> None:
        """A county that has not filed: its total is missing, never zero."""
        sentence = f"缺{short_name(subject)}{quarter_label(period)}能源"
        for basis in _BASES:
            place = (lens, subject.id, period.code, basis.value)
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
        self.totals.figures[lens, subject.id, period.code, Basis.EQUIVALENT.value] = figure

    def residual(self, lens: str, city: City, period: Period, tolerance_percent: Decimal) -> None:
        """不分县: the city less its counties, stored and shown, never spread, never clipped (accounting 7)."""
        basis = Basis.EQUIVALENT.value
        figures = self.totals.figures
        whole = figures.get((lens, city.subject.id, period.code, basis))
        counties = [figures[place] for county in city.counties if (place := (lens, county.id, period.code, basis)) in figures]
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
            inputs=key_inputs([(whole.key, city.subject.name), *((figure.key, "减：县市区") for figure in counties)]),
        )  # fmt: skip

    def rule_set(self, products: tuple[str, ...], year: int, basis: Basis) -> tuple[int | None, bool, bool]:
        """The id of the set of coefficient rows of ``products``, whether one is recalled, and whether one is invented (演示)."""
        rows: list[RuleRow] = [row for name in sorted(products) for row in self.coefficients.of(name, year, basis).rows]
        marks = any(row.recalled for row in rows), any(row.demonstration for row in rows)
        return (self.drafts.rule_sets.id_of(rows), *marks)

    def known(self, sheet: Sheet, basis: Basis) -> dict[tuple[tuple[str, ...], str], Marks]:
        """The marks of amounts (of which products, what they lack besides coefficients) that sheets like this one have had."""
        return self._marks.setdefault((sheet.year, _WORDS[basis], sheet.account.demonstration, sheet.sentence), {})

    def marks(self, sheet: Sheet, products: tuple[str, ...], basis: Basis, extra: str = "") -> Marks:
        """What stands beside an amount of ``products``, worked out once for all sheets of a year that lack the same."""
        memo = self.known(sheet, basis)
        found = memo.get((products, extra))
        if found is None:
            rule_set_id, recalled, invented = self.rule_set(products, sheet.year, basis)
            known = (self.coefficients.of(product, sheet.year, basis) for product in products)
            whys = (coefficient.why for coefficient in known if coefficient.units is None)
            lacks = tuple(part for part in (sheet.sentence, *whys, extra) if part)
            found = memo[products, extra] = Marks(lacks, sheet.account.demonstration or invented, recalled, rule_set_id)
        return found


def section_of(lens: str, subject: Subject, period: Period) -> str:
    """The name of the section of an account."""
    return f"sheet|{lens}|{subject.id}|{period.kind}|{period.end}"


class Heads(dict[str, str]):
    """Code → how its lines at one basis begin; its indicator comes into being with its first line."""

    def __init__(self, drafts: Drafts, basis: Basis) -> None:
        super().__init__()
        self._drafts, self._word = drafts, _WORDS[basis]

    def __missing__(self, code: str) -> str:
        self._drafts.indicator_id(code)
        self[code] = f'["{code}","{self._word}",'
        return self[code]


class Marks:
    """What stands beside an amount: what it lacks, whether invented or recalled data are in it, and its rules."""

    def __init__(self, lacks: tuple[str, ...], demonstration: bool, recalled: bool, rule_set_id: int | None) -> None:
        self.lacks, self.demonstration, self.recalled, self.rule_set_id = lacks, demonstration, recalled, rule_set_id
        self.sentence = "；".join(lacks)
        self.status = Status.INCOMPLETE if lacks else Status.OK

    @cached_property
    def tail(self) -> str:
        """How a line with these marks ends."""
        return line_tail(self.status.value, self.demonstration, self.recalled, self.rule_set_id, self.sentence)


class Sheet:
    """The account of one subject in one period and lens: its total at both bases, and one table with all its lines.

    The line of a product whose coefficient is the same at both bases stands there once, at the equivalent value.
    """

    def __init__(
        self, balances: Balances, lens: str, subject: Subject, period: Period, filed: Filed | None,
        parts: Sequence[tuple[Subject, Filed]], missing: Sequence[Subject],
    ) -> None:  # fmt: skip
        self.balances, self.lens, self.subject, self.period = balances, lens, subject, period
        self.filed, self.parts, self.missing = filed, parts, missing
        self.year = period.start.year
        self.place = balances.drafts.at(subject, period, lens)
        self.sentence = lacking_sentence(missing, period, "能源") if missing else ""

    @cached_property
    def account(self) -> Account:
        """Its own, or the sum of its parts; made when it is first asked for."""
        return self.filed.account if self.filed is not None else self.balances.sum_of([filed.account for _, filed in self.parts])

    @cached_property
    def used(self) -> dict[str, int]:
        """By product what was used."""
        return self.account.nets()["used"]

    @cached_property
    def nets(self) -> dict[str, dict[str, int]]:
        """By product the lines of the account that are not empty."""
        nets = self.account.nets()
        return {name: nets[name] for name in LINES if nets[name]}

    def write(self) -> None:
        """The total and the table, unless they rest on what the current ones rest on."""
        place = self.lens, self.subject.id, self.place.code
        name = section_of(self.lens, self.subject, self.period)
        if self.balances.kept(name, place, self._rests_on()):
            return
        for basis in _BASES:
            self._total(basis)
        self.balances.totals.used[place] = self.used
        self.balances.note(name, place)
        if self.filed is not None:
            self._table(canonical_json([rows_behind(self.filed, self.lens, self.subject.code, self.place.code)]))
        else:
            self._table(self._of_parts(ACCOUNT, "", (part for part, _ in self.parts)))

    def _of_parts(self, code: str, basis: str, parts: Iterable[Subject]) -> str:
        """Values of the parts as inputs, in canonical text."""
        return key_inputs((f"{code}|{part.code}|{self.place.code}|{basis}|gross|{self.lens}|", part.name) for part in parts)

    def _rests_on(self) -> list[str]:
        """Its rows or those of its parts, and the totals with which it is compared."""
        balances, now = self.balances, self.balances.sections.now
        own = "" if self.filed is None else f"{self.filed.read_as}|{self.filed.sm3}"
        parts = [f"{ground.subject_line(part)}|{now[section_of(self.lens, part, self.period)]}" for part, _ in self.parts]
        issued = balances.issued_line(self.subject, balances.issued_total(self.lens, self.subject, self.period))
        beside = [repr(figure) for basis in _BASES for figure in self._issued(basis)]
        missing = map(ground.subject_line, self.missing)
        return [ground.subject_line(self.subject), self.sentence, own, *parts, *missing, issued, *beside]

    # the total

    def _total(self, basis: Basis) -> None:
        units, _ = coal_equivalent(self.used, self.balances.coefficients.table(self.year, basis))
        issued = self.balances.issued_total(self.lens, self.subject, self.period) if basis is Basis.EQUIVALENT else None
        if issued is not None:
            self.balances.issued(self.lens, self.subject, self.period, issued, own=None if self.missing else tce(units))
            return
        marks, over = self.balances.marks(self, tuple(self.used), basis), self._over_tolerance
        status = worst((Status.ESTIMATED if over else Status.OK, marks.status, *self._statuses(basis)))
        finding = "；".join(part for part in (over, self._against_issued(basis, units, marks)) if part)
        code, word = "energy_total_tce", _WORDS[basis]
        if self.parts:
            calculation, inputs = "energy.total_of_parts", self._of_parts(code, word, (*(part for part, _ in self.parts), *self.missing))
        else:
            where = f"|{self.subject.code}|{self.place.code}|{word}|gross|{self.lens}|"
            calculation, inputs = "energy.total", key_inputs((f"energy_{name}_tce{where}", _NAMES[name]) for name in self.nets)
        key = self.balances.drafts.put(
            self.place, code, word, tce_text(units), status.value, marks.demonstration, marks.recalled, calculation, marks.sentence,
            finding, inputs, marks.rule_set_id,
        )  # fmt: skip
        self.balances.totals.figures[self.lens, self.subject.id, self.place.code, word] = Figure(
            tce(units), status, marks.demonstration, marks.recalled, key, tce(units), marks.lacks
        )

    def _statuses(self, basis: Basis) -> list[Status]:
        """How good the totals of the parts are: a sum is no better."""
        found = (self.balances.totals.figures.get((self.lens, part.id, self.place.code, _WORDS[basis])) for part, _ in self.parts)
        return [figure.status for figure in found if figure is not None]

    def _against_issued(self, basis: Basis, units: int, marks: Marks) -> str:
        """What was reported beside what was issued (accounting 6); of a city the parts that reported, for nobody reports 不分县."""
        found = self._issued(basis)
        issued = [figure.value for figure in found if figure is not None and figure.usable and figure.value]
        if len(issued) < len(found) or marks.lacks or not found:
            return ""
        whole = sum(issued)
        share = round_half_up((tce(units) - whole) * PERCENT / whole, 2)
        words = "各县市区填报数之和比核定数之和" if self.parts else "填报数比核定数"
        return f"{words}{'多' if share > 0 else '少'}{abs(share)}%" if share else ""

    def _issued(self, basis: Basis) -> list[Figure | None]:
        """The issued totals beside which a reported one stands: of the place or of its parts."""
        if self.lens != "reported":
            return []
        places = [part for part, _ in self.parts] or [self.subject]
        return [self.balances.totals.figures.get(("issued", place.id, self.place.code, _WORDS[basis])) for place in places]

    @cached_property
    def _balanced(self) -> dict[str, tuple[int, int]]:
        return self.account.differences()

    @cached_property
    def _over_tolerance(self) -> str:
        coefficients = self.balances.coefficients
        over = over_tolerance(self._balanced, lambda product: coefficients.tolerance_percent(product, self.year))
        return f"{'、'.join(coefficients.label(product) for product in over)}的平衡差额超过允许范围" if over else ""

    # the table

    def _table(self, inputs: str) -> None:
        """All lines, made once for a year and the 1–12月 that it was filed as."""
        memo, same = self.account.memo, ("table", self.sentence)
        if same not in memo:
            memo[same] = self._made()
        status, demonstration, recalled, words, lines = memo[same]
        self.balances.drafts.put(
            self.place, ACCOUNT, "", None, status, demonstration, recalled, "energy.account", self.sentence, "", inputs, None, words, lines
        )  # fmt: skip

    def _made(self) -> tuple[str, bool, bool, str, str]:
        """Status, marks, number and text of all lines, those at the equivalent value first."""
        lines: list[str] = []
        used: set[Marks] = set()
        amounts = self._amounts()
        for basis in reversed(_BASES):
            lines += self._lines(basis, amounts, used)
            if not self._balanced:
                tail = line_tail(Status.MISSING.value, self.account.demonstration, False, None, "未报供应侧各流向，平衡差额缺报")
                lines.append(f"{self.balances.heads[basis][_DIFFERENCE]}null,{tail}")
        status = worst(marks.status for marks in used)
        demonstration = self.account.demonstration or any(marks.demonstration for marks in used)
        return status.value, demonstration, any(marks.recalled for marks in used), f"{len(lines)}行", f"[{','.join(lines)}]"

    def _amounts(self) -> list[Amount]:
        """The lines, those of the account before products and sectors."""
        found = [(f"energy_{name}_tce", net, "") for name, net in self.nets.items()]
        if self._balanced:
            coefficients = self.balances.coefficients
            without = [coefficients.label(product) for product in self.account.unbalanced()]
            extra = f"{'、'.join(without)}未报期初、生产、调入、调出、期末，无从平衡" if without else ""
            found.append((_DIFFERENCE, {product: pair[0] for product, pair in self._balanced.items()}, extra))
        found += [(f"{_PRODUCT}{product}", {product: micro}, "") for product, micro in self.account.nets()["product"].items()]
        found += [(f"energy_sector_tce:{industry or 'unassigned'}", of, "") for industry, of in self.account.sectors.items()]
        return [(code, tuple(quantities), tuple(quantities.values()), extra) for code, quantities, extra in found]

    def _lines(self, basis: Basis, amounts: Iterable[Amount], used: set[Marks]) -> Iterator[str]:
        """The lines at one basis as canonical text; ``used`` takes their marks."""
        units, heads = self.balances.coefficients.table(self.year, basis), self.balances.heads[basis]
        other = self.balances.coefficients.table(self.year, Basis.EQUIVALENT)
        known = self.balances.known(self, basis)
        for code, products, quantities, extra in amounts:
            if other is not units and code.startswith(_PRODUCT) and units[products[0]] == other[products[0]]:
                continue
            marks = known.get((products, extra)) or self.balances.marks(self, products, basis, extra)
            if marks.lacks:
                amount, _ = coal_equivalent(dict(zip(products, quantities, strict=True)), units)
            else:
                amount = sum(map(mul, quantities, map(units.__getitem__, products)))  # type: ignore[arg-type]
            used.add(marks)
            yield f'{heads[code]}"{tce_text(amount)}",{marks.tail}'


def scaled_total(used: Mapping[str, int], coefficients: Coefficients, year: int, basis: Basis) -> Decimal | None:
    """The total of ``used`` at the coefficients of ``year``; None where one is missing."""
    units, lacking = coal_equivalent(used, coefficients.table(year, basis))
    return None if lacking else tce(units)
