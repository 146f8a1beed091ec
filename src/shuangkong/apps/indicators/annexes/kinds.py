"""The kinds of import for the four annex tables. Only the city's people load them, with the document by which they were handed down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuangkong.apps.desk.imports.kinds import CONFIRM, Column, Fault, Form, words_of
from shuangkong.apps.indicators.annexes import lines
from shuangkong.apps.indicators.annexes.lines import Saying
from shuangkong.apps.indicators.annexes.sink import AnnexSink
from shuangkong.apps.indicators.models import Indicator
from shuangkong.apps.indicators.targets.content import check, from_text, made
from shuangkong.apps.ledger.imports.columns import industry_code, number_of
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.apps.plans.models import Action, Plan
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.digest import canonical_json
from shuangkong.core.errors import InputError
from shuangkong.core.targets import annual_decline_percent

DECLINE = "energy_intensity_decline_percent"
POLLUTANTS = {"cod": "化学需氧量", "nh3n": "氨氮", "nox": "氮氧化物", "vocs": "挥发性有机物"}
EXAMPLE = "单位面积能耗降低率≥5%（2025年）"
_HUNDRED = Decimal(100)
Made = tuple[tuple[Any, ...], Any, tuple[Fault, ...]]


class Line(NamedTuple):
    """A row as it is staged: the plan, and what it says of one or more targets, as JSON text."""

    plan_id: int
    sayings: str


class AnnexKind:
    """What the kinds share; ``annex`` is the number of the table."""

    id: str
    title: Any
    about: Any
    annex: int
    version = 1
    place_column = "subject"
    sink = AnnexSink()

    def may_import(self, user: Any) -> bool:
        """The city's people."""
        return bool(user.is_active and user.role == User.Role.CITY)

    def origins(self, user: Any) -> tuple[str, ...]:
        """What is handed down is issued, by a document."""
        return ("issued",)

    def plan_column(self) -> Column:
        """Of which plan the row is; the running one when empty."""
        names = tuple(Plan.objects.order_by("first_year").values_list("period_name", flat=True))
        hint = _("“十四五”“十五五”等；留空为发布日期所在的那一份")
        return Column("plan", _("方案"), hint, names[-1] if names else "", required=False, choices=names, convert=_text)

    def checker(self, user: Any, form: Form) -> AnnexChecker:
        """A fresh check of one file."""
        return AnnexChecker(self, form)

    def columns(self, user: Any) -> list[Column]:
        """The table's columns and the plan."""
        raise NotImplementedError

    def sayings(self, row: Mapping[str, Any], plan: Plan, of: AnnexChecker) -> Iterator[Saying]:
        """What a row says."""
        raise NotImplementedError


def _text(raw: Any) -> str:
    return "" if raw is None else words_of(raw).strip()


class AnnexChecker:
    """The check of one file: the plan of each row, what it says, and whether a target can say that."""

    def __init__(self, kind: AnnexKind, form: Form) -> None:
        self.kind, self.form = kind, form
        self.plans = list(Plan.objects.select_related("subject").order_by("first_year"))
        self.actions = {(a.plan_id, word): a for a in Action.objects.all() for word in (a.name, str(a.number), f"{a.number} {a.name}")}
        places = Subject.objects.filter(kind__in=(Subject.Kind.COUNTY, Subject.Kind.ZONE, Subject.Kind.CITY))
        self.places = {word: s for s in places for word in (s.name, s.code)}
        self.indicators = {i.code: i for i in Indicator.objects.all()}
        self._plans: set[int] = set()

    def facts(self) -> dict[str, Any]:
        """The plans that the rows name."""
        return {"plans": sorted(self._plans)}

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[Made]:
        """A line or the reasons against it for each row."""
        for values in zip(*columns.values(), strict=True):
            yield self._line(dict(zip(columns, values, strict=True)))

    def _line(self, row: Mapping[str, Any]) -> Made:
        self.faults: list[Fault] = []
        try:
            plan = self._plan(row["plan"])
            said = list(self.kind.sayings(row, plan, self))
            if not said:
                raise Refused(self.kind.place_column, InputError(_("这一行没有目标"), why=_("各列都是空的"), do=_("填目标，或删去这一行")))
            for saying in said:
                self._must_fit(plan, saying)
        except Refused as refused:
            return (), None, (Fault.of(refused.column, refused.error),)
        self._plans.add(plan.pk)
        key = (plan.pk, *(part for saying in said for part in saying.key))
        return key, Line(plan.pk, canonical_json([list(saying) for saying in said])), tuple(self.faults)

    def _plan(self, text: str) -> Plan:
        if not text:
            year = self.form.known_on.year
            found = [plan for plan in self.plans if plan.first_year <= year <= plan.last_year]
        else:
            plain = text.strip("“”\"")
            found = [plan for plan in self.plans if plain in (plan.period_name.strip("“”"), plan.code, plan.title)]
        if not found:
            raise Refused("plan", InputError(_("没有方案“%(text)s”") % {"text": text}, do=_("从下拉列表中选择")))
        return found[0]

    def _must_fit(self, plan: Plan, saying: Saying) -> None:
        indicator = self.indicators.get(saying.code) or Indicator(code=saying.code, name=saying.name, unit=saying.unit)
        try:
            check(made(plan, indicator, plan.subject, from_text(saying.fields)))
        except InputError as error:
            raise Refused(self.kind.place_column, error) from None

    def place(self, raw: str, plan: Plan) -> Subject:
        """The place that a cell names; 全市 is the city."""
        found = plan.subject if raw in ("全市", "合计") else self.places.get(raw)
        if found is None:
            raise Refused("subject", InputError(_("不认识地区“%(text)s”") % {"text": raw}, do=_("写县市区、园区的名称或代码")))
        return found

    def number(self, row: Mapping[str, Any], key: str) -> Decimal | None:
        """A number of a row; None for an empty cell."""
        raw = row.get(key, "")
        if raw in ("", None):
            return None
        try:
            return _shortest(number_of(raw.rstrip("%％") if isinstance(raw, str) else raw))
        except InputError as error:
            raise Refused(key, error) from None


class Refused(Exception):
    """A row is refused because of one of its columns."""

    def __init__(self, column: str, error: InputError) -> None:
        self.column, self.error = column, error
        super().__init__(str(error))


def _number_column(key: str, title: str, example: float, hint: str = "", aliases: tuple[str, ...] = ()) -> Column:
    return Column(key, title, hint or _("只填数，不带 %；没有的留空"), example, required=False, raw=True, width=20, aliases=aliases)


def _shortest(number: Decimal) -> Decimal:
    """A number without the zeros that a workbook's fractions bring along: 15, not 15.0."""
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()


def _plain(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


class ActionsKind(AnnexKind):
    """Annex 1: key actions with their main targets, tasks and who answers for them."""

    id, annex, place_column = "annex1", 1, "main"
    title = gettext_lazy("附件1 重点行动目标任务分解表")
    about = gettext_lazy("一行一个主要目标；指标、目标值、年份写在一格，如 公共机构单位面积能耗降低率≥5%（2025年）")

    def columns(self, user: Any) -> list[Column]:
        """Action, main target, task, lead, support, deadline, plan."""
        names = tuple(dict.fromkeys(Action.objects.order_by("number").values_list("name", flat=True)))
        free = {"required": False, "convert": _text, "width": 30}
        return [
            Column("action", _("重点行动"), _("行动的名称或序号"), names[0] if names else "", choices=names, convert=_text, width=24),
            Column("main", _("主要目标（指标、目标值、年份）"), _("有数写数，只有话写话"), _(EXAMPLE), convert=_text, width=40),
            Column("task", _("重点任务"), _("可不填"), "", **free),
            Column("leads", _("牵头单位"), _("用顿号隔开"), _("市发改委"), **free),
            Column("supports", _("责任单位"), _("用顿号隔开"), "", **free),
            Column("due", _("完成时限"), _("可不填"), _("2025年底"), **free),
            self.plan_column(),
        ]

    def sayings(self, row: Mapping[str, Any], plan: Plan, of: AnnexChecker) -> Iterator[Saying]:
        """One target under an action."""
        action = of.actions.get((plan.pk, row["action"]))
        if action is None:
            raise Refused("action", InputError(_("方案里没有行动“%(text)s”") % {"text": row["action"]}, do=_("从下拉列表中选择")))
        try:
            name, unit, fields = lines.read_main(row["main"])
        except InputError as error:
            raise Refused("main", error) from None
        details = {key: row[key] for key in ("task", "leads", "supports", "due") if row[key]}
        fields |= {"details": details, "shape": lines.shape_of_named(name, unit)}
        yield Saying(lines.named_code(name, unit), name, unit, plan.subject_id, action.pk, "", fields)


class PlacesKind(AnnexKind):
    """Annex 2: the decline of every county, in each of the three published forms."""

    id, annex = "annex2", 2
    title = gettext_lazy("附件2 各县市区能耗强度降低目标")
    about = gettext_lazy("三种表式都认：降幅目标；基本、激励目标；基期、目标年、累计和年均下降率")

    def columns(self, user: Any) -> list[Column]:
        """Place, and the numbers of all three forms."""
        return [
            Column("subject", _("地区"), _("县市区、园区名称，全市写“全市”"), "", convert=_text, aliases=(_("县市区"),)),
            _number_column("number", _("基本目标(%)"), 15, aliases=(_("降幅目标(%)"), _("累计下降率(%)"))),
            _number_column("incentive", _("激励目标(%)"), 16),
            _number_column("base", _("基期单位GDP能耗(吨标准煤/万元)"), 0.5),
            _number_column("end", _("目标年单位GDP能耗"), 0.425, _("由基期和下降率算出；填了就核对")),
            _number_column("annual", _("年均下降率(%)"), 3.2, _("由累计下降率算出；填了就核对")),
            self.plan_column(),
        ]

    def sayings(self, row: Mapping[str, Any], plan: Plan, of: AnnexChecker) -> Iterator[Saying]:
        """The decline of one place; figures that follow from others are only compared."""
        subject, number = of.place(row["subject"], plan), of.number(row, "number")
        annual = of.number(row, "annual")
        if number is None:
            if annual is None:
                return
            why = _("只有年均下降率 %(annual)s%%，没有累计下降率") % {"annual": annual}
            raise Refused("number", InputError(_("没有目标"), why=why, do=_("填累计下降率（基本目标）")))
        base = of.number(row, "base")
        _compare(of, number, annual, base, of.number(row, "end"), plan.years)
        given = {"incentive": of.number(row, "incentive"), "base_value": base}
        # a form without a column says nothing of it: what stands there stays
        fields = {"number": _plain(number), "words": "", **{name: _plain(value) for name, value in given.items() if value is not None}}
        yield Saying(DECLINE, "", "", subject.pk, None, "", fields)


def _compare(of: AnnexChecker, number: Decimal, annual: Decimal | None, base: Decimal | None, end: Decimal | None, years: int) -> None:
    """Figures that follow from others are asked about where they say something else beyond their own rounding."""
    if annual is not None and 0 < number < _HUNDRED:
        due = annual_decline_percent(number, years).quantize(Decimal(1).scaleb(annual.as_tuple().exponent), ROUND_HALF_UP)  # type: ignore[arg-type]
        if due != annual:
            what = _("年均下降率与累计下降率不符")
            of.faults.append(Fault("annual", what, _("%(n)s%%折合年均 %(due)s%%") % {"n": number, "due": due}, _("核对两个数"), CONFIRM))
    if base is not None and end is not None:
        due = (base * (_HUNDRED - number) / _HUNDRED).quantize(Decimal(1).scaleb(end.as_tuple().exponent), ROUND_HALF_UP)  # type: ignore[arg-type]
        if due != end:
            why = _("基期 %(base)s 降 %(n)s%% 应为 %(due)s") % {"base": base, "n": number, "due": due}
            of.faults.append(Fault("end", _("目标年单位GDP能耗与下降率不符"), why, _("核对三个数"), CONFIRM))


class PollutantsKind(AnnexKind):
    """Annex 3: the reductions of every county, four pollutants in a row."""

    id, annex = "annex3", 3
    title = gettext_lazy("附件3 各县市区主要污染物重点工程减排量目标")
    about = gettext_lazy("一行一个地区，四项污染物各一列，单位吨")

    def columns(self, user: Any) -> list[Column]:
        """Place and four pollutants."""
        numbers = [_number_column(code, f"{name}({_('吨')})", 100, _("吨；没有的留空")) for code, name in POLLUTANTS.items()]
        place = Column("subject", _("县市区"), _("县市区名称，全市写“全市”"), "", convert=_text, aliases=(_("地区"),))
        return [place, *numbers, self.plan_column()]

    def sayings(self, row: Mapping[str, Any], plan: Plan, of: AnnexChecker) -> Iterator[Saying]:
        """One target for each pollutant that is filled."""
        subject = of.place(row["subject"], plan)
        for code in POLLUTANTS:
            number = of.number(row, code)
            if number is not None:
                yield Saying(f"{code}_reduction_t", "", "", subject.pk, None, "", {"number": _plain(number), "words": ""})


class IndustriesKind(AnnexKind):
    """Annex 4: indicators of main industries, from what they were to what they are to be."""

    id, annex, place_column = "annex4", 4, "name"
    title = gettext_lazy("附件4 主要行业节能指标")
    about = gettext_lazy("指标、单位、基期实际值、目标年目标值；变化幅度由两者算出")

    def columns(self, user: Any) -> list[Column]:
        """Indicator, unit, base, target, change, industry; the titles may name the years."""
        plans = list(Plan.objects.values_list("base_year", "last_year"))
        base = tuple(dict.fromkeys(f"{first}{_('年实际值')}" for first, _last in plans))
        end = tuple(dict.fromkeys(f"{last}{_('年目标值')}" for _first, last in plans))
        change = Column("change", _("变化幅度/变化率"), _("由前两列算出，不读"), "", required=False, raw=True)
        return [
            Column("name", _("指标"), _("如 水泥熟料单位产品综合能耗"), _("水泥熟料单位产品综合能耗"), convert=_text, width=36),
            Column("unit", _("单位"), _("如 千克标准煤/吨"), _("千克标准煤/吨"), required=False, convert=_text),
            _number_column("base", _("基期实际值"), 110, _("没有的留空，没有起点就没有路径"), base),
            Column("number", _("目标年目标值"), _("有数写数，只有话写话"), 100, required=False, raw=True, width=20, aliases=end),
            change,
            Column("industry", _("行业"), _("行业大类的名称或代码，可不填"), "", required=False, convert=_text),
            self.plan_column(),
        ]

    def sayings(self, row: Mapping[str, Any], plan: Plan, of: AnnexChecker) -> Iterator[Saying]:
        """One indicator of an industry."""
        fields: dict[str, Any] = {"number": None, "words": ""}
        raw = row["number"]
        try:
            number = of.number(row, "number")
            fields["number"] = _plain(number)
        except Refused:
            fields["words"] = words_of(raw).strip()
        if fields["number"] is None and not fields["words"]:
            return
        base = of.number(row, "base")
        if base is not None and fields["number"] is not None:
            fields["base_value"] = _plain(base)
        fields["shape"] = lines.shape_of_named(row["name"], row["unit"])
        industry = ""
        if row["industry"]:
            try:
                industry = industry_code(current_rulebook().terms("industries"), row["industry"])
            except InputError as error:
                raise Refused("industry", error) from None
        yield Saying(lines.named_code(row["name"], row["unit"]), row["name"], row["unit"], plan.subject_id, None, industry, fields)


ACTIONS, PLACES, POLLUTANT_TONNES, INDUSTRIES = ActionsKind(), PlacesKind(), PollutantsKind(), IndustriesKind()
