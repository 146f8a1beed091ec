"""Reads of values for pages: always through scope, always a fixed number of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet

from shuangkong.apps.indicators.models import HANDED_DOWN, Indicator, Run, Target, Value
from shuangkong.apps.indicators.tables import asks_for, opened, with_tables
from shuangkong.apps.ledger.models import Batch
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.errors import InputError
from shuangkong.core.figures import Status
from shuangkong.core.periods import Period

#: Which lens and basis a page shows first (accounting 6, 15; the headline basis is the equivalent value, accounting 3).
LENS_ORDER = ("published", "issued", "reported")
BASIS_ORDER = ("equivalent", "", "calorific")
#: What computes all values as known on a day; the account's app puts itself here when Django starts.
COMPUTE_KNOWN_ON: list[Callable[[date, datetime, Any], Run]] = []


def values(
    user: Any,
    codes: Iterable[str],
    subjects: Iterable[Subject | int],
    periods: Iterable[Period],
    run: Run | None = None,
    *,
    basis: str | None = None,
    lens: str | None = None,
    release: str | None = "",
) -> list[Value]:
    """The values that ``user`` may see, in one statement; lines of tables too, in one more. A code that ends with ``:`` means all with
    that beginning.

    Without a ``run`` the current ones, else those of that run (see :func:`run_for`). ``release`` None gives every release.
    """
    wanted, asked = list(periods), list(codes)
    found = _of(user, run).filter(_codes_q(with_tables(asked)), subject__in=[getattr(s, "pk", s) for s in subjects])
    found = found.filter(period_end__in={p.end for p in wanted}, period_kind__in={p.kind for p in wanted})
    for name, choice in (("lens", lens), ("release", release)):
        if choice is not None:
            found = found.filter(**{name: choice})
    spans = {(p.kind, p.end) for p in wanted}
    rows = found.select_related("indicator", "subject").order_by("indicator__position", "subject__position", "period_end", "id")
    shown = opened((value for value in rows if (value.period_kind, value.period_end) in spans), asks_for(asked))
    return [value for value in shown if basis is None or value.basis == basis]


def filtered(
    user: Any,
    run: Run | None = None,
    *,
    codes: Iterable[str] = (),
    subjects: Iterable[str] = (),
    periods: Iterable[Period] = (),
    basis: str = "",
    lens: str = "",
    release: str | None = "",
) -> QuerySet[Value]:
    """The values that ``user`` may see as a query that can be paged; what is empty narrows nothing. ``subjects`` are codes.

    A code whose lines stand in a table gives the table.
    """
    found = _of(user, run)
    wanted, places, spans = with_tables(codes), list(subjects), list(periods)
    if wanted:
        found = found.filter(_codes_q(wanted))
    if places:
        found = found.filter(subject__code__in=places)
    if spans:
        asked = Q()
        for span in spans:
            asked |= Q(period_kind=span.kind, period_end=span.end)
        found = found.filter(asked)
    if basis:
        found = found.filter(Q(basis=basis) | ~Q(lines=[]))  # the lines of a table have each their own
    for name, choice in (("lens", lens or None), ("release", release)):
        if choice is not None:
            found = found.filter(**{name: choice})
    return found.select_related("indicator", "subject").order_by("indicator__position", "subject__position", "period_end", "id")


def run_as_known(user: Any, day: date | None, today: date, now: datetime) -> Run | None:
    """The run as known on ``day``; None for today. The city's people have it computed, others read what is kept.

    Raises:
        InputError: nobody has had that day computed yet.
    """
    if day is None or day >= today:
        return None
    if user.sees_all:
        return run_for(day, now=now, actor=user)
    kept = Run.objects.filter(kind="known_on", known_on=day, finished_at__isnull=False).order_by("-id").first()
    if kept is None:
        raise InputError(f"看不了{day.isoformat()}", why="按这一天所知的数还没有算过", do="请市级主管部门先打开这一天，或换一天")
    return kept


def _of(user: Any, run: Run | None) -> Any:
    visible = Value.objects.visible_to(user)
    return visible.filter(current__isnull=False) if run is None else visible.filter(run=run)


def _codes_q(codes: Iterable[str]) -> Q:
    exact, found = [], Q()
    for code in codes:
        if code.endswith(":"):
            found |= Q(indicator__code__startswith=code)
        else:
            exact.append(code)
    return found | Q(indicator__code__in=exact)


def best(rows: Iterable[Value]) -> dict[tuple[str, int, str], Value]:
    """One value of each (indicator code, subject id, period code): published before issued before reported, equivalent first.

    A value without a number never hides one with a number.
    """
    chosen: dict[tuple[str, int, str], Value] = {}
    for value in sorted(rows, key=preference):
        chosen.setdefault((value.indicator.code, value.subject_id, value.period.code), value)
    return chosen


def preference(value: Value) -> tuple[Any, ...]:
    """Orders values of one figure: known before unknown, gross before assessed, then by lens, then by basis."""
    nothing = value.value is None and not value.words
    basis = BASIS_ORDER.index(value.basis) if value.basis in BASIS_ORDER else 9
    return nothing, value.treatment != "gross", LENS_ORDER.index(value.lens), basis, value.pk


def one_treatment(rows: Iterable[Value], wanted: str) -> list[Value]:
    """Of figures that stand there gross and assessed those ``wanted``; what has one treatment only is kept as it is."""
    found = list(rows)

    def figure(value: Value) -> tuple[Any, ...]:
        return value.indicator_id, value.subject_id, value.period_kind, value.period_end, value.basis, value.lens, value.release

    there = {figure(value) for value in found if value.treatment == wanted and value.calculation != _WITHDRAWN}
    other = {figure(value) for value in found if value.treatment != wanted}
    return [value for value in found if (value.treatment == wanted) == (figure(value) in there or figure(value) not in other)]


#: A place's figures that have a gross and an assessed treatment of which one judges, and what tells which one did.
_JUDGED = ("energy_intensity_change_percent", "energy_intensity_decline_percent")
#: What stands for a value that is no more: judged by one treatment now, a place keeps the withdrawn level of the other.
_WITHDRAWN = "withdrawn"
_TELLING = ("warning_national", "energy_intensity_gap_points")


def as_judged(rows: Iterable[Value]) -> list[Value]:
    """Changes and declines by the treatment that the place was judged by at that end (else at its newest), everything else gross."""
    found = list(rows)
    judged: dict[tuple[int, date | None], str] = {}
    telling = [value for value in found if value.indicator.code in _TELLING and value.calculation != _WITHDRAWN]
    for value in sorted(telling, key=lambda value: (value.period_end, _TELLING.index(value.indicator.code))):
        judged[value.subject_id, value.period_end] = judged[value.subject_id, None] = value.treatment
    kept = []
    for wanted in ("gross", "assessed"):
        right = {value.pk for value in one_treatment(found, wanted)}
        kept += [value for value in found if value.pk in right and _by(value, judged) == wanted]
    place = {value.pk: at for at, value in enumerate(found)}
    return sorted(kept, key=lambda value: place[value.pk])


def _by(value: Value, judged: dict[tuple[int, date | None], str]) -> str:
    if value.indicator.code not in _JUDGED:
        return "gross"
    return judged.get((value.subject_id, value.period_end)) or judged.get((value.subject_id, None)) or "gross"


def series(user: Any, code: str, subjects: Iterable[Subject | int], kind: str, run: Run | None = None) -> list[Value]:
    """All periods of one kind of one indicator, by date: one statement."""
    found = _of(user, run).filter(indicator__code=code, period_kind=kind, release="", subject__in=[getattr(s, "pk", s) for s in subjects])
    return one_treatment(found.select_related("indicator", "subject").order_by("period_end", "subject__position", "id"), "gross")


def newest_complete_period(city: Subject, kind: str = "ytd") -> Period | None:
    """The newest period whose city total is complete. That it is complete is no figure, so it is the same for everybody."""
    found = Value.objects.unscoped("which period is complete is no figure").filter(current__isnull=False, subject=city, period_kind=kind)
    found = found.filter(indicator__code="energy_total_tce", value__isnull=False, status__in=[Status.OK.value, Status.ESTIMATED.value])
    value = found.order_by("-period_end").first()
    return value.period if value else None


def newest_period(city: Subject, code: str, kind: str) -> Period | None:
    """The newest period of which the city has any value of ``code``, complete or not; the same for everybody."""
    found = Value.objects.unscoped("which period is the newest is no figure").filter(current__isnull=False, subject=city, period_kind=kind)
    value = found.filter(indicator__code=code, value__isnull=False).order_by("-period_end").first()
    return value.period if value else None


def run_for(known_on: date | None, *, now: datetime, actor: Any = None) -> Run | None:
    """The run that holds everything as known on a day; computed on demand and kept until the ledger or the rulebook moves.

    None for no day: then pages read the current values.

    Raises:
        InputError: nothing that computes is installed.
    """
    if known_on is None:
        return None
    kept = Run.objects.filter(kind="known_on", known_on=known_on, finished_at__isnull=False).order_by("-id").first()
    if kept is not None and not _moved_since(kept):
        return kept
    if not COMPUTE_KNOWN_ON:
        raise InputError("没有可用的计算", do="安装能源账应用后重试")
    return COMPUTE_KNOWN_ON[0](known_on, now, actor)


def _moved_since(run: Run) -> bool:
    from shuangkong.apps.plans.services import current_rulebook

    moved = Batch.objects.unscoped("whether the ledger moved is no figure").filter(
        Q(applied_at__gt=run.made_at) | Q(withdrawn_at__gt=run.made_at)
    )
    return run.rulebook_sm3 != current_rulebook().hash or moved.exists()


@dataclass(frozen=True, slots=True)
class Effect:
    """What a run did to one value: the value now, what it replaced (None: it is new), and the difference."""

    value: Value
    before: Value | None

    @property
    def difference(self) -> Decimal | None:
        """Now less before; None where one of them is unknown."""
        if self.before is None or self.before.value is None or self.value.value is None:
            return None
        return self.value.value - self.before.value


def revision_effect(user: Any, run: Run, codes: Iterable[str] = ()) -> list[Effect]:
    """What a published run changed, as far as ``user`` may see it: values and lines of tables whose number, level or status is another.

    Four statements.
    """
    found = Value.objects.visible_to(user).filter(run=run)
    wanted = list(codes)
    if wanted:
        found = found.filter(_codes_q(with_tables(wanted)))
    stored = list(found.select_related("indicator", "subject").order_by("indicator__position", "subject__position", "period_end"))
    asked = asks_for(wanted) if wanted else lambda _code: True
    now = opened(stored, asked)
    before = {value.key: value for value in opened(_before(stored, run).values(), asked)}
    now.sort(key=lambda value: (value.indicator.position, value.subject.position, value.period_end))
    effects = [Effect(value, before.get(value.key)) for value in now]
    return [e for e in effects if e.before is None or _shown(e.before) != _shown(e.value)]


def _shown(value: Value) -> tuple[Any, ...]:
    return value.value, value.words, value.status


def _before(rows: Sequence[Value], run: Run) -> dict[str, Value]:
    """The published value of each key just before ``run``."""
    if not rows:
        return {}
    earlier = Value.objects.unscoped("what a visible value replaced was visible").filter(
        run_id__lt=run.pk,
        run__published_at__isnull=False,
        indicator_id__in={value.indicator_id for value in rows},
        subject_id__in={value.subject_id for value in rows},
        period_end__in={value.period_end for value in rows},
    )
    keys = {value.key for value in rows}
    return {value.key: value for value in earlier.select_related("indicator", "subject").order_by("run_id") if value.key in keys}


def vintages(user: Any, value: Value) -> list[Value]:
    """Earlier published values of the same figure and its other releases, newest first: one statement, of a line one more."""
    stored = value.table or value
    same = Value.objects.visible_to(user).filter(
        indicator=stored.indicator_id, subject=stored.subject_id, period_kind=value.period_kind, period_end=value.period_end,
        basis=stored.basis, treatment=value.treatment, lens=value.lens, run__published_at__isnull=False,
    )  # fmt: skip
    found = same.exclude(pk=value.pk).select_related("run", "indicator", "subject").order_by("-run_id", "release")
    if value.table is None:
        return list(found)
    lines = [line for line in opened(found, lambda code: code == value.indicator.code) if line.basis == value.basis]
    return _changes([value, *lines])


def _changes(lines: Sequence[Value]) -> list[Value]:
    """A table is written anew when any of its lines changed: of those behind the first, each number once, when it came."""
    return [list(of)[-1] for _, of in groupby(lines, key=_shown)][1:]


def beside(user: Any, value: Value) -> list[Value]:
    """The same figure through other lenses and at the other basis (published, issued, reported side by side)."""
    same = _of(user, None if value.run.published_at else value.run).filter(
        indicator=value.indicator_id, subject=value.subject_id, period_kind=value.period_kind, period_end=value.period_end
    )
    return list(same.exclude(key=value.key).select_related("indicator", "subject").order_by("lens", "basis", "release"))


def findings(user: Any, periods: Iterable[Period] = (), run: Run | None = None) -> list[Value]:
    """Values with a finding (balance difference, residual, reported against issued)."""
    found = _of(user, run).exclude(finding="")
    wanted = {(p.kind, p.end) for p in periods}
    if wanted:
        found = found.filter(period_end__in={end for _, end in wanted})
    rows = found.select_related("indicator", "subject").order_by("-period_end", "subject__position", "id")
    return [value for value in rows if not wanted or (value.period_kind, value.period_end) in wanted]


@dataclass(frozen=True, slots=True)
class Standing:
    """A target beside what is known of it. A target in words has no progress, only its latest value and the trend (accounting 13)."""

    target: Target
    value: Value | None
    trend: Value | None
    required: Value | None
    gap: Value | None
    progress: Value | None
    warnings: tuple[Value, ...]

    @property
    def missing(self) -> bool:
        """缺报: nothing is known."""
        return self.value is None or self.value.value is None


_TREND = {"energy_total_tce": "energy_growth_percent", "energy_intensity_decline_percent": "energy_intensity_change_percent"}
_PATH = ("energy_intensity_required_percent", "energy_intensity_gap_points", "energy_intensity_progress_percent")
_LEVELS = ("warning_national", "warning_city")


def standings(user: Any, plan: Plan, subject: Subject, period: Period, run: Run | None = None) -> list[Standing]:
    """Every target of ``plan`` for ``subject`` that the user may see, at ``period`` (a ytd or a year): two statements."""
    mine = Target.objects.visible_to(user).filter(HANDED_DOWN, plan=plan, subject=subject, annex__in=(0, 2, 3))
    targets = list(mine.select_related("indicator").order_by("indicator__position"))
    spans = [period] if period.kind == "year" else [period, Period.rolling(period.start.year, period.last_month)]
    spans.append(Period.year(min(period.last_year, plan.last_year)))
    codes = {t.indicator.code for t in targets} | set(_TREND.values()) | set(_PATH) | set(_LEVELS)
    found = values(user, codes, [subject], spans, run)
    rows = list(best(as_judged(found)).values())

    def pick(code: str) -> Value | None:
        found = [value for value in rows if value.indicator.code == code]
        order = {(span.kind, span.end): place for place, span in enumerate(spans)}
        return min(found, key=lambda value: (value.value is None, order[value.period_kind, value.period_end]), default=None)

    return [_standing(target, pick) for target in targets]


def _standing(target: Target, pick: Callable[[str], Value | None]) -> Standing:
    code = target.indicator.code
    graded = code == "energy_intensity_decline_percent"
    path = [pick(name) if graded and target.number is not None else None for name in _PATH]
    levels = tuple(level for level in map(pick, _LEVELS) if level is not None) if graded else ()
    return Standing(target, pick(code), pick(_TREND[code]) if code in _TREND else None, *path, levels)


def indicator(code: str) -> Indicator:
    """One indicator.

    Raises:
        Indicator.DoesNotExist: an unknown code.
    """
    return Indicator.objects.get(code=code)
