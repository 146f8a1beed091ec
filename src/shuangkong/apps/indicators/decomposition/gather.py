"""The figures of a decomposition, read once: regions of the day, bases, inputs, the task of air and water. A fixed number of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from shuangkong.apps.indicators.decomposition.models import CountyInput
from shuangkong.apps.indicators.decomposition.schemes import AIR, INPUTS, RATE, WATER, Scheme
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.ledger.selectors import accepted
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period
from shuangkong.core.successors import check_shares, inherited

_FIRST_ORIGIN = ("issued", "published", "reported")
_RELEASES = ("census", "final", "verified", "preliminary", "")


@dataclass(slots=True)
class Figures:
    """What is known of the regions, by code. ``missing`` says what is absent, each in one sentence."""

    regions: list[Subject]
    base: dict[str, Decimal] = field(default_factory=dict)
    gdp: dict[str, Decimal] = field(default_factory=dict)
    inputs: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    readings: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    reading_year: int | None = None
    owners: dict[str, dict[str, str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    demonstration: bool = False


def regions_on(city: Subject, on: date) -> list[Subject]:
    """The counties of a city that exist on a day, in order: one statement."""
    begun = Q(exists_from=None) | Q(exists_from__lte=on)
    return list(Subject.objects.filter(begun & (Q(exists_to=None) | Q(exists_to__gt=on)), parent=city, kind=Subject.Kind.COUNTY))


def figures(plan: Plan, scheme: Scheme, on: date) -> Figures:
    """Everything that the scheme needs for the regions of ``on``; what is absent is listed, never zero."""
    found = Figures(regions_on(plan.subject, on))
    _bases(found, plan, scheme)
    _inputs(found, plan, scheme)
    if scheme.task:
        _readings(found, scheme, on)
    return found


# ---- bases: of a region itself, or of what it succeeds ---------------------------------------------------------------


def _bases(found: Figures, plan: Plan, scheme: Scheme) -> None:
    shares = {s.code: {code: Decimal(str(part)) for code, part in s.details.get("succeeds", {}).items()} for s in found.regions}
    codes = {s.code for s in found.regions} | {code for parts in shares.values() for code in parts}
    labels = {s.code: s.name for s in found.regions}
    try:
        check_shares({code: parts for code, parts in shares.items() if parts}, labels)
    except InputError as error:
        found.missing.append(str(error))
        return
    if scheme.base in INPUTS:
        amounts = _stated(plan, scheme.base, codes)
    else:
        amounts = _year_values(found, plan, scheme.base, "" if scheme.base == "energy_co2_t" else "equivalent", codes)
    _inherit(found, found.base, amounts, shares, lambda _code: _base_words(plan, scheme))
    if scheme.kind == RATE:
        gdp = _year_values(found, plan, "gdp_10k_yuan", f"price{plan.base_year}", codes)
        other = _at_other_prices(plan, codes) if len(gdp) < len(codes) else set()
        _inherit(found, found.gdp, gdp, shares, lambda code: _gdp_words(plan, code in other))


def _inherit(
    found: Figures, put: dict[str, Decimal], known: Mapping[str, Decimal], shares: Mapping[str, Mapping[str, Decimal]],
    words: Callable[[str], str],
) -> None:  # fmt: skip
    """The base of each region, its own and its parts of what it succeeds; what is absent is said in ``words``."""
    for subject in found.regions:
        try:
            put[subject.code] = inherited(known.get(subject.code), shares[subject.code], known, subject.name)
        except InputError as error:
            found.missing.append(f"{subject.name}：{words(subject.code)}" if not shares[subject.code] else str(error))


def _base_words(plan: Plan, scheme: Scheme) -> str:
    if scheme.base in INPUTS:
        return f"缺少{INPUTS[scheme.base].title}"
    return f"缺少{plan.base_year}年{'能源活动二氧化碳排放量' if scheme.base == 'energy_co2_t' else '能源消费总量'}"


def _gdp_words(plan: Plan, at_other_prices: bool) -> str:
    """What is wrong with GDP: none at all, or only at the prices of another base year."""
    if at_other_prices:
        return f"{plan.base_year}年GDP只有别的价格基期，缺{plan.base_year}年价；两种基期不能相除"
    return f"缺少{plan.base_year}年GDP（{plan.base_year}年价）"


def _at_other_prices(plan: Plan, codes: Iterable[str]) -> set[str]:
    """The regions whose GDP of the base year is known at the prices of another base year."""
    rows = Value.objects.unscoped("which price base is known is no figure").filter(
        current__isnull=False, indicator__code="gdp_10k_yuan", subject__code__in=list(codes), period_kind="year", value__isnull=False,
        period_end=Period.year(plan.base_year).end,
    )  # fmt: skip
    return set(rows.exclude(basis=f"price{plan.base_year}").values_list("subject__code", flat=True))


def _year_values(found: Figures, plan: Plan, code: str, basis: str, codes: Iterable[str]) -> dict[str, Decimal]:
    rows = Value.objects.unscoped("a decomposition rests on every county's base").filter(
        current__isnull=False, indicator__code=code, subject__code__in=list(codes), period_kind="year", release="", lens="issued",
        period_end=Period.year(plan.base_year).end, value__isnull=False, basis=basis, treatment="gross", status__in=("ok", "estimated"),
    )  # fmt: skip
    known = {}
    for subject, value, demonstration in rows.values_list("subject__code", "value", "demonstration"):
        known[subject] = value
        found.demonstration |= demonstration
    return known


def _stated(plan: Plan, key: str, codes: Iterable[str]) -> dict[str, Decimal]:
    rows = CountyInput.objects.unscoped("a decomposition rests on every county's figures").filter(plan=plan, key=key)
    return dict(rows.filter(subject__code__in=list(codes)).order_by("id").values_list("subject__code", "value"))


# ---- inputs ----------------------------------------------------------------------------------------------------------


def newest_inputs(plan: Plan, user: Any = None) -> dict[tuple[int, str], CountyInput]:
    """The newest figure of each region and key that the reader may see (all without one): one statement."""
    rows = CountyInput.objects.visible_to(user) if user else CountyInput.objects.unscoped("a decomposition rests on every county's figures")
    return {(row.subject_id, row.key): row for row in rows.filter(plan=plan).select_related("stated_by").order_by("id")}


def _inputs(found: Figures, plan: Plan, scheme: Scheme) -> None:
    newest = newest_inputs(plan)
    for subject in found.regions:
        mine = found.inputs.setdefault(subject.code, {})
        owners = found.owners.setdefault(subject.code, {})
        for key in scheme.inputs:
            row = newest.get((subject.pk, key))
            if row is not None:
                mine[key], owners[key] = row.value, row.owner
                found.demonstration |= row.demonstration
            elif key != scheme.base:
                kind = INPUTS[key]
                who = subject.name if kind.by_county else kind.owner
                found.missing.append(f"{subject.name}：缺少{kind.title}；请{who}填报")


# ---- air and water ---------------------------------------------------------------------------------------------------


def readings(city: Subject, years: Iterable[int], user: Any = None) -> dict[tuple[int, int], dict[str, tuple[Decimal, bool]]]:
    """Readings of air and water by county and year, each with whether it is invented; an issued one goes before a published or filed
    one, a later release before an earlier: one statement."""
    ends = [Period.year(year).end for year in years]
    rows = accepted().visible_to(user) if user else accepted().unscoped("a decomposition rests on every county's readings")
    rows = rows.filter(measure__in=[*AIR, *WATER], subject__parent=city, period_kind="year", period_end__in=ends, rate__isnull=False)
    found: dict[tuple[int, int], dict[str, tuple[Decimal, bool]]] = {}
    order = {word: i for i, word in enumerate(_FIRST_ORIGIN)}
    releases = {word: i for i, word in enumerate(_RELEASES)}
    listed = rows.order_by("id").values_list("subject_id", "period_end", "measure", "rate", "demonstration", "origin", "release")
    for subject, end, measure, rate, demonstration, _o, _r in sorted(
        listed, key=lambda row: (order.get(row[5], 9), releases.get(row[6], 9)), reverse=True
    ):
        found.setdefault((subject, end.year - 1), {})[measure] = (rate, demonstration)
    return found


def _readings(found: Figures, scheme: Scheme, on: date) -> None:
    """Of the newest year in which every region has all its readings; else of the newest, with what is absent."""
    wanted = AIR if scheme.task == "air" else WATER
    if not found.regions:
        return
    city = found.regions[0].parent
    assert city is not None
    known = readings(city, range(on.year - 6, on.year))
    years = sorted({year for _subject, year in known}, reverse=True)
    whole = [year for year in years if all(set(wanted) <= set(known.get((s.pk, year), {})) for s in found.regions)]
    found.reading_year = (whole or years or [None])[0]
    for subject in found.regions:
        mine = known.get((subject.pk, found.reading_year or 0), {})
        found.readings[subject.code] = {name: mine[name][0] for name in wanted if name in mine}
        found.demonstration |= any(mine[name][1] for name in wanted if name in mine)


def as_text(figures_: Mapping[str, Any]) -> dict[str, Any]:
    """Decimals of a nested dictionary as plain text."""
    return {key: as_text(value) if isinstance(value, Mapping) else format(value, "f") for key, value in figures_.items()}
