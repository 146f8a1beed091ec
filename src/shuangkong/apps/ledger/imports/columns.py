"""Columns that the ledger's kinds share: place, zone, period, release, remark, and quantities with their unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from difflib import get_close_matches
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from shuangkong.apps.desk.imports.kinds import Column, words_of
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from shuangkong.core.quantities import MICRO_DIGITS, MICRO_LIMIT, decimal_of, to_micro
from shuangkong.rulebook.loader import Rulebook

REMARK_LENGTH = 200
#: Digits before the point beyond which no quantity of any unit fits the ledger.
FAR_BEYOND = 25
REGIONAL = (Subject.Kind.COUNTY, Subject.Kind.UNALLOCATED)
_MICRO = Decimal(1).scaleb(MICRO_DIGITS)
_MILLION, _SHORT = 1e6, 1e9


class Places:
    """Who may file what: the regions and zones of the city, and those of the user."""

    def __init__(self, user: Any) -> None:
        subjects = Subject.objects.filter(kind__in=[*REGIONAL, Subject.Kind.CITY, Subject.Kind.ZONE])
        self.by_id = {subject.pk: subject for subject in subjects}
        self.regions = [s for s in self.by_id.values() if s.kind != Subject.Kind.ZONE]
        self.zones = [s for s in self.by_id.values() if s.kind == Subject.Kind.ZONE]
        self._all = user.sees_all
        self._own = self.by_id.get(user.subject_id)
        self._region_words, self._zone_words = _words(self.regions), _words(self.zones)

    @property
    def own_zone(self) -> Subject | None:
        """The zone whose office files, if it is one."""
        return self._own if self._own is not None and self._own.kind == Subject.Kind.ZONE else None

    def choices(self) -> tuple[str, ...]:
        """The regions that the user may file, for the drop-down."""
        return tuple(subject.name for subject in self.regions if self._may(subject))

    def example(self) -> str:
        """The region of the example row: a county before the city as a whole."""
        mine = [subject for subject in self.regions if self._may(subject)]
        return next((subject.name for subject in [s for s in mine if s.kind == Subject.Kind.COUNTY] + mine), "")

    def zone_choices(self) -> tuple[str, ...]:
        """The zones, for the drop-down."""
        return (self.own_zone.name,) if self.own_zone else tuple(zone.name for zone in self.zones)

    def _may(self, region: Subject) -> bool:
        if self._all:
            return True
        return (self.own_zone is not None and region.kind == Subject.Kind.COUNTY) or region == self._own

    def region(self, raw: Any) -> tuple[int, int | None]:
        """The region that a cell names by name or code: its id, and again as county (none for the city as a whole).

        Raises:
            InputError: unknown, or another county's.
        """
        found = _found(raw, self._region_words, _("地区"))
        if not self._may(found):
            raise InputError(
                _("“{name}”不是您的填报范围").format(name=found.name),
                why=_("您只能报送本地区的数据"),
                do=_("删除这一行，或请该地区自行报送"),
            )
        return found.pk, (found.pk if found.kind in REGIONAL else None)

    def part(self, raw: Any) -> tuple[int, int | None]:
        """As :meth:`region`, but a part of the city: what is summed to the city is not filed for it once more (accounting 7).

        Raises:
            InputError: unknown, another county's, or the city as a whole.
        """
        region, county = self.region(raw)
        if county is None:
            raise InputError(
                _("能源平衡不按全市填报"),
                why=_("全市 = 各县市区 + 不分县"),
                do=_("分到县市区填；分不到县的填“不分县”"),
            )
        return region, county

    def fits(self, county: int | None, zone: int) -> bool:
        """Whether the zone lies in the county, as far as the platform knows one county of it."""
        return county is not None and self.by_id[zone].county_id in {None, county}

    def zone(self, raw: Any) -> int | None:
        """The zone that a cell names; a zone's own office must name itself.

        Raises:
            InputError: unknown, or not the user's.
        """
        own = self.own_zone
        if raw is None:
            if own:
                raise InputError(_("“园区”没有填"), why=_("园区只能报送本园区的数据"), do=_("填写 {name}").format(name=own.name))
            return None
        found = _found(raw, self._zone_words, _("园区"))
        if own and found != own:
            raise InputError(_("“{name}”不是您的填报范围").format(name=found.name), do=_("填写 {name}").format(name=own.name))
        return found.pk


def _words(subjects: Iterable[Subject]) -> dict[str, Subject]:
    words: dict[str, Subject] = {}
    for subject in subjects:
        for word in (subject.name, subject.code.lower()):
            words.setdefault(word, subject)
        if len(subject.name) > 2 and subject.name[-1] in "县区市":
            words.setdefault(subject.name[:-1], subject)
    return words


def _found(raw: Any, words: dict[str, Subject], what: str) -> Subject:
    text = "".join(words_of(raw).split())
    if text.lower() in words or text in words:
        return words.get(text) or words[text.lower()]
    near = [words[word].name for word in get_close_matches(text, words, n=2, cutoff=0.5)]
    do = _("是否指 {names}？").format(names="、".join(near)) if near else _("从下拉列表中选择")
    raise InputError(_("不认识{what}“{text}”").format(what=what, text=text), why=_("不在本市的{what}名单中").format(what=what), do=do)


def place_columns(places: Places, *, parts_only: bool = False) -> tuple[Column, Column]:
    """Region and zone; with ``parts_only`` the city as a whole is no region."""
    whole = {region.name for region in places.regions if parts_only and region.kind not in REGIONAL}
    regions, zones = tuple(name for name in places.choices() if name not in whole), places.zone_choices()
    example = places.example()
    hint = _("县市区名称或代码；不分县的部分填“不分县”")
    return (
        Column("place", _("地区"), hint, example, choices=regions, convert=places.part if parts_only else places.region),
        Column(
            "zone", _("园区"), _("属于高新区、经开区的部分填园区名称，否则留空"), places.own_zone.name if places.own_zone else "",
            required=places.own_zone is not None, choices=zones, convert=places.zone,
        ),
    )  # fmt: skip


def period_column(allowed: Callable[[Period], Period | None], hint: str, example: str) -> Column:
    """The period; ``allowed`` gives the period to store, None where the kind has no such period."""

    def convert(raw: Any) -> tuple[str, str, str]:
        period = allowed(period_of(raw))
        if period is None:
            raise InputError(_("这一类数据没有“{text}”这样的期别").format(text=raw), do=hint)
        return period.kind, period.start.isoformat(), period.end.isoformat()

    return Column("period", _("期别"), hint, example, convert=convert, width=16)


def period_of(raw: Any) -> Period:
    """The period that a cell means; a date on the first of a month is the month that Excel made of “2025年6月”.

    Raises:
        InputError: no period, or a number or date that Excel has changed.
    """
    if isinstance(raw, date | datetime):
        if raw.day == 1:
            return Period.month(raw.year, raw.month)
        raise InputError(
            _("这里应写期别，单元格里是日期 {day}").format(day=raw.isoformat()[:10]),
            do=_("把单元格格式设为“文本”，写成 2025年6月 或 2025年1—6月"),
        )
    if isinstance(raw, float) and not raw.is_integer():
        raise InputError(
            _("期别“{text}”是小数").format(text=raw),
            why=_("Excel 会把 2025.10 变成 2025.1"),
            do=_("把单元格格式设为“文本”，写成 2025年10月"),
        )
    return Period.parse(words_of(raw))


def cumulative_quarter(period: Period) -> Period | None:
    """1–3, 1–6, 1–9 and 1–12月, and the year as 1–12月: what energy and GDP are filed for."""
    if period.kind == "year":
        return Period.ytd(period.start.year, 12)
    return period if period.kind == "ytd" and period.last_month % 3 == 0 else None


def term_column(
    book: Rulebook, key: str, title: str, list_name: str, hint: str, example: str, *, required: bool = True, empty: str = ""
) -> Column:
    """A word of one of the rulebook's lists; ``empty`` is what an empty optional cell means."""
    terms = book.terms(list_name)

    def convert(raw: Any) -> str:
        return empty if raw is None else terms.find(words_of(raw)).code

    return Column(key, title, hint, example, required=required, choices=tuple(term.label for term in terms), convert=convert)


def release_column(book: Rulebook) -> Column:
    """The vintage of a statistic."""
    hint = _("初步核算、初步核实、最终核实或普查修订；留空为初步核算")
    return term_column(book, "release", _("数据版本"), "releases", hint, _("初步核算"), required=False, empty="preliminary")


def remark_column() -> Column:
    """Free words."""

    def convert(raw: Any) -> str:
        words = "" if raw is None else words_of(raw)
        if len(words) > REMARK_LENGTH:
            raise InputError(_("备注过长"), why=_("最多 {n} 个字").format(n=REMARK_LENGTH), do=_("缩短备注"))
        return words

    return Column("remark", _("备注"), _("可不填"), "", required=False, convert=convert, width=24)


def industry_column(book: Rulebook, *, required: bool = False) -> Column:
    """A statistical sector or an industry division by name or code; empty means all."""
    sectors, industries = book.terms("sectors"), book.terms("industries")

    def convert(raw: Any) -> str:
        if raw is None:
            return ""
        words = words_of(raw)
        sector = sectors.get(words)
        return sector.code if sector else industry_code(industries, words)

    choices = (*(term.label for term in sectors), *(term.label for term in industries))
    return Column(
        "industry",
        _("行业"),
        _("统计部门，或行业大类的名称、代码；全部行业合计留空"),
        _("工业"),
        required=required,
        choices=choices,
        convert=convert,
        width=22,
    )


def industry_code(industries: Any, words: str) -> str:
    """The ledger's code of a division: its letter and two digits (C26).

    Raises:
        InputError: no such division.
    """
    plain = words[1:] if len(words) == 3 and words[0].isalpha() and words[1:].isdigit() else words
    code = industries.find(plain.zfill(2) if plain.isdigit() else plain).code
    return f"{section_of(code)}{code}"


def section_of(division: str) -> str:
    """The letter of the section in which an industrial division of GB/T 4754 stands."""
    number = int(division)
    return "B" if number < 13 else "C" if number < 44 else "D"


def number_of(raw: Any) -> Decimal:
    """The decimal in a cell; what people see in it, not the binary fraction behind.

    Raises:
        InputError: empty, a date, words.
    """
    if type(raw) is float:
        return Decimal(repr(raw))
    if isinstance(raw, bool | date | datetime):
        raise InputError(_("这里应填数，单元格里是日期或逻辑值"), do=_("把单元格格式设为“常规”后重新填写"))
    if raw == "" or raw is None:
        raise InputError(_("没有填数"), why=_("空白不等于零"), do=_("确为零的填 0，没有的删除这一行"))
    if isinstance(raw, int):
        return Decimal(raw)
    return _number_in_words(raw)


def _number_in_words(raw: str) -> Decimal:
    if raw.startswith("#"):
        raise InputError(_("单元格是错误值 {text}").format(text=raw[:20]), do=_("改正后填写数值"))
    try:
        return decimal_of(raw)
    except InputError as error:
        raise InputError(_("“{text}”不是数").format(text=raw[:40]), do=_("只填数字，单位写在“计量单位”列")) from error


class Scale(NamedTuple):
    """What one unit is worth: 10⁻⁶ base units, and base units where those are whole (else 0)."""

    micro: Decimal
    whole: int


def scale_of(factor: Decimal) -> Scale:
    """The scale of a unit that is ``factor`` base units."""
    return Scale(factor * _MICRO, int(factor) if factor == factor.to_integral_value() else 0)


def micro_of(raw: Any, scale: Scale) -> int:
    """A cell's value in units of ``scale`` as an integer of 10⁻⁶ base units, halves up.

    The quick way is exact: below 10⁹ a float that comes back from its millionths has at most fifteen digits, and those are the ones
    that people see.

    Raises:
        InputError: no number. QuantityOverflow: beyond what the ledger holds.
    """
    if type(raw) is float and scale.whole and -_SHORT < raw < _SHORT:
        millionths = round(raw * _MILLION)
        if millionths / _MILLION == raw:
            micro = millionths * scale.whole
            return micro if -MICRO_LIMIT <= micro <= MICRO_LIMIT else to_micro(number_of(raw) * scale.micro / _MICRO)
    return _micro_of_number(number_of(raw), scale)


def _micro_of_number(number: Decimal, scale: Scale) -> int:
    if not number.is_finite() or number.adjusted() > FAR_BEYOND:
        return to_micro(number)
    micro = int((number * scale.micro).to_integral_value(ROUND_HALF_UP))
    return micro if -MICRO_LIMIT <= micro <= MICRO_LIMIT else to_micro(number * scale.micro / _MICRO)


def filed_text(raw: Any) -> str:
    """The quantity as it was filed, for the ledger."""
    if type(raw) is float:
        return repr(raw).removesuffix(".0")
    return str(raw).strip()[:40]
