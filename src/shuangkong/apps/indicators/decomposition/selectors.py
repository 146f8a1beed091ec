"""What the pages of decompositions show, within the reader's reach: a fixed number of statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet

from shuangkong.apps.indicators.decomposition import gather
from shuangkong.apps.indicators.decomposition.models import CountyInput, Decomposition
from shuangkong.apps.indicators.decomposition.schemes import FACTOR_WORDS, HELD_WORDS, INPUTS, SCHEMES, InputKind, Scheme
from shuangkong.apps.indicators.decomposition.services import may_state
from shuangkong.apps.indicators.models import Indicator
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.states import DECOMPOSITION


class Part(NamedTuple):
    """What one factor put into a region's ability; ``given`` is the figure it was read from, where there is one."""

    word: str
    amount: Decimal
    given: Decimal | None


@dataclass(frozen=True, slots=True)
class ShareLine:
    """One region's share: what it carries, why, what it was asked, and what it would carry in what is tried."""

    code: str
    label: str
    rounded: Decimal | None
    exact: Decimal | None
    held: str
    score: Decimal | None
    parts: tuple[Part, ...]
    growth: Decimal | None
    base: Decimal | None
    bounds: Mapping[str, str]
    tried: Decimal | None
    what_if: Mapping[str, str]
    conflicts: bool

    @property
    def apart(self) -> Decimal | None:
        """What is tried against what is."""
        return None if self.tried is None or self.rounded is None else self.tried - self.rounded


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One version as one person may see it: the city's people all of it, a county its own share and the city's figures."""

    version: Decomposition
    scheme: Scheme
    lines: tuple[ShareLine, ...]
    whole: bool
    verbs: tuple[str, ...]

    @property
    def facts(self) -> dict[str, Decimal]:
        """The city's figures of the result."""
        return _facts(self.version.result)

    @property
    def trial(self) -> dict[str, Decimal]:
        """The city's figures of what is tried."""
        return _facts(self.version.trial)

    @property
    def problem(self) -> dict[str, str]:
        """Why there is no result, for the city's people."""
        return self.version.result.get("problem", {}) if self.whole else {}

    @property
    def trial_problem(self) -> dict[str, str]:
        """Why what is tried has no result."""
        return self.version.trial.get("problem", {}) if self.whole else {}

    @property
    def recalled(self) -> bool:
        """Whether a rule that it used is recalled and not read."""
        return any(rule.get("evidence") == "recalled" for rule in self.version.rules)

    @property
    def places(self) -> int:
        """Decimals of the shares: those of the step."""
        return max(0, -int(Decimal(self.version.asked["step"]).normalize().as_tuple().exponent))


def _facts(body: Mapping[str, Any]) -> dict[str, Decimal]:
    names = ("target", "reached", "surplus", "structure", "equal", "reserve", "shared")
    return {name: Decimal(body[name]) for name in names if name in body}


def visible(user: Any) -> QuerySet[Decomposition]:
    """The versions that ``user`` may see, with what a line needs."""
    related = ("plan", "plan__subject", "indicator", "subject", "made_by", "submitted_by", "decided_by")
    return Decomposition.objects.visible_to(user).select_related(*related)


def version_page(user: Any, pk: int) -> VersionPage | None:
    """The version ``pk``; None where there is none that the reader may see: a county only where it has a share."""
    version = visible(user).filter(pk=pk).first()
    if version is None:
        return None
    lines = shares_of(version, user)
    if not user.sees_all and not lines:
        return None
    return VersionPage(version, SCHEMES[version.indicator.code], lines, user.sees_all, _verbs(version, user))


def _verbs(version: Decomposition, user: Any) -> tuple[str, ...]:
    """What the person may do now: of a submitted version the one who submitted it nothing."""
    if not user.sees_all or (version.state == "submitted" and version.submitted_by_id == user.pk):
        return ()
    return tuple(verb for verb in DECOMPOSITION.allowed(version.state) if verb != "supersede")


def regions_of(version: Decomposition) -> dict[str, str]:
    """Code → name of the regions that it was solved for, in their order."""
    return dict(version.inputs.get("regions", ()))


def shares_of(version: Decomposition, user: Any) -> tuple[ShareLine, ...]:
    """The lines that the reader may see: all for the city's people, their own for a county's. No statement but the reader's own reach."""
    regions = regions_of(version)
    codes = set(regions)
    if not user.sees_all:
        codes &= {user.subject.code} if user.subject_id else set()
    found = {share["code"]: share for share in version.result.get("shares", ())}
    tried = {share["code"]: share for share in version.trial.get("shares", ())} if user.sees_all else {}
    conflicts = set(version.result.get("conflicts", ()))
    return tuple(
        _line(version, code, label, found.get(code), tried.get(code), code in conflicts) for code, label in regions.items() if code in codes
    )


def _line(version: Decomposition, code: str, label: str, share: Any, tried: Any, conflicts: bool) -> ShareLine:
    stated, asked = version.inputs.get("stated", {}).get(code, {}), version.asked
    number = {name: Decimal(share[name]) if share else None for name in ("rounded", "exact", "score")}
    return ShareLine(
        code, label, number["rounded"], number["exact"], HELD_WORDS[share["held"]] if share else "", number["score"],
        _parts(version, code, share) if share else (), _decimal(stated.get("growth")), _decimal(version.inputs.get("base", {}).get(code)),
        asked["bounds"].get(code, {}), Decimal(tried["rounded"]) if tried else None, asked["what_if"].get(code, {}), conflicts,
    )  # fmt: skip


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _parts(version: Decomposition, code: str, share: Mapping[str, Any]) -> tuple[Part, ...]:
    growth = version.inputs.get("stated", {}).get(code, {}).get("growth")
    given = {**share["factors"], **({"growth": growth} if growth is not None else {})}
    parts: Mapping[str, str] = share["parts"]
    return tuple(Part(word, Decimal(parts[name]), _decimal(given.get(name))) for name, word in FACTOR_WORDS.items() if name in parts)


# ---- the list ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListPage:
    """The versions of one plan by indicator, the newest first."""

    plans: tuple[Plan, ...]
    plan: Plan | None
    groups: tuple[tuple[Indicator, tuple[Decomposition, ...]], ...]


def list_page(user: Any, code: str, today: date) -> ListPage:
    """The versions of the asked plan, the running one by default: three statements. An indicator without any stands there too."""
    plans = tuple(Plan.objects.select_related("subject").order_by("first_year"))
    running = next((p for p in plans if p.first_year <= today.year <= p.last_year), plans[-1] if plans else None)
    plan = next((p for p in plans if p.code == code), running)
    if plan is None:
        return ListPage(plans, None, ())
    rows = list(visible(user).filter(plan=plan))
    own = user.subject.code if user.subject_id else ""
    mine = [row for row in rows if user.sees_all or own in regions_of(row)]
    order = list(SCHEMES)
    indicators = sorted(Indicator.objects.filter(code__in=order), key=lambda i: order.index(i.code))
    groups = tuple((i, tuple(row for row in mine if row.indicator_id == i.pk)) for i in indicators)
    return ListPage(plans, plan, groups if user.sees_all else tuple(group for group in groups if group[1]))


# ---- figures of the counties -------------------------------------------------------------------------------------------


class InputCell(NamedTuple):
    """One figure of one county, the newest; None where nobody stated it. ``may``: whether the reader may state it."""

    kind: InputKind
    row: CountyInput | None
    may: bool


@dataclass(frozen=True, slots=True)
class InputPage:
    """The figures that a plan's decompositions rest on, by county, as far as the reader may see them."""

    plans: tuple[Plan, ...]
    plan: Plan | None
    kinds: tuple[InputKind, ...]
    lines: tuple[tuple[Subject, tuple[InputCell, ...]], ...]


def input_page(user: Any, code: str, today: date) -> InputPage:
    """The asked plan's figures, the running one's by default: three statements."""
    page_plans = tuple(Plan.objects.select_related("subject").order_by("first_year"))
    running = next((p for p in page_plans if p.first_year <= today.year <= p.last_year), page_plans[-1] if page_plans else None)
    plan = next((p for p in page_plans if p.code == code), running)
    kinds = tuple(INPUTS.values())
    if plan is None or not (user.sees_all or user.subject_id):
        return InputPage(page_plans, plan, kinds, ())
    on = min(max(today, date(plan.first_year, 1, 1)), date(plan.last_year, 12, 31))
    regions = [s for s in gather.regions_on(plan.subject, on) if user.sees_all or s.pk == user.subject_id]
    newest = gather.newest_inputs(plan, user)
    lines = [(s, tuple(InputCell(kind, newest.get((s.pk, kind.key)), may_state(user, s, kind.key)) for kind in kinds)) for s in regions]
    return InputPage(page_plans, plan, kinds, tuple(lines))


# ---- air and water -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QualityPage:
    """Readings of air and water by county in a year, with the year before beside; a county sees its own and what is published."""

    years: tuple[int, ...]
    year: int
    lines: tuple[tuple[Subject, dict[str, tuple[Decimal, bool]], dict[str, tuple[Decimal, bool]]], ...]

    @property
    def demonstration(self) -> bool:
        """Whether any of it is invented."""
        return any(mark for _subject, now, _before in self.lines for _value, mark in now.values())


def quality_page(user: Any, city: Subject | None, year: str, today: date) -> QualityPage:
    """The asked year, the newest with readings by default: two statements."""
    years = tuple(range(today.year - 1, today.year - 8, -1))
    if city is None:
        return QualityPage(years, years[0], ())
    known = gather.readings(city, years, user)
    newest = max((of for _subject, of in known), default=years[0])
    chosen = next((each for each in years if str(each) == year), newest)
    regions = gather.regions_on(city, date(chosen, 12, 31))
    lines = [(s, known.get((s.pk, chosen), {}), known.get((s.pk, chosen - 1), {})) for s in regions]
    return QualityPage(years, chosen, tuple(lines))

