"""Making forecasts and keeping them. What rests on the same figures as the current one is kept, and is not made again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.models import Job
from shuangkong.apps.desk.services.jobs import Work, start
from shuangkong.apps.indicators.drafts import number_text
from shuangkong.apps.indicators.forecast.compute import DECLINE, Goal, Made, Place, Spot
from shuangkong.apps.indicators.forecast.histories import marks_of, read_histories
from shuangkong.apps.indicators.forecast.models import Forecast, ForecastPoint
from shuangkong.apps.indicators.models import HANDED_DOWN, Indicator, Run, Target
from shuangkong.apps.indicators.targets.paths import months_to, required
from shuangkong.apps.organisations.models import Subject
from shuangkong.core import forecast as core
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.errors import InputError

JOB = "forecast"


def ask(now: datetime, today: date, actor: Any = None, reason: str = "") -> Job | None:
    """Queue the making of forecasts after the ledger moved, for whoever moved it; None where nobody did or one is waiting already."""
    if actor is None:
        return None
    waiting = Job.objects.unscoped("one waiting job is enough").filter(kind=JOB, state=Job.State.WAITING)
    return None if waiting.exists() else start(JOB, _("预测"), {}, actor)


def run_forecast(work: Work) -> None:
    """The job: forecasts of every place, for it is the platform that forecasts, whoever moved the ledger."""
    made = refresh(work.now, work.today, work.user, work)
    work.keep_result(made=made)


def refresh(now: datetime, today: date, actor: Any = None, work: Work | None = None) -> int:
    """Make the forecasts whose figures moved. Answers how many were made; 0 before anything was computed."""
    run = Run.objects.filter(published_at__isnull=False).order_by("-id").first()
    if run is None:
        return 0
    histories, goals = read_histories(), _goals()
    indicators = dict(Indicator.objects.values_list("code", "pk"))
    count = 0
    for number, history in enumerate(histories):
        if work is not None:
            work.progress(number, len(histories), _("预测{name}").format(name=history.subject.name))
        place = Place(history, today.year, goals.get(history.subject.pk, ()))
        count += _keep(history.subject, place.forecasts(), indicators, run, now, actor)
    return count


def _goals() -> dict[int, list[Goal]]:
    """The targets in numbers of each place, the newest plan first."""
    found: dict[int, list[Goal]] = {}
    targets = Target.objects.unscoped("forecasts are compared with every target").filter(HANDED_DOWN, indicator__code=DECLINE)
    for target in targets.filter(number__isnull=False).select_related("plan", "indicator").order_by("-plan__first_year"):
        with suppress(InputError):  # a target that has no path asks nothing of a year
            years = range(target.plan.first_year, target.plan.last_year + 1)
            due = {year: required(target, months_to(target, year, 12)) for year in years}
            found.setdefault(target.subject_id, []).append(Goal(target.base_year or target.plan.base_year, due))
    return found


@lru_cache(maxsize=1)
def _code_sm3() -> str:
    """The SM3 of the source that forecasts: another program forecasts again."""
    files = [Path(core.__file__), *sorted(Path(__file__).parent.glob("*.py"))]
    return sm3_hex(b"\0".join(file.read_bytes() for file in files))


def _keep(subject: Subject, made: Sequence[Made], indicators: dict[str, int], run: Run, now: datetime, actor: Any) -> int:
    """Write what moved of one place in one transaction; what is no longer forecast is superseded too."""
    current = {
        (forecast.indicator_id, forecast.basis): forecast
        for forecast in Forecast.objects.unscoped("the service that makes forecasts").filter(subject=subject, superseded_at__isnull=True)
    }
    fresh = []
    for one in made:
        key = (indicators[one.code], one.basis)
        old, sm3 = current.pop(key, None), _sm3(one)
        if old is None or old.sm3 != sm3:
            fresh.append((one, sm3, old))
    gone = [old.pk for _one, _sm3, old in fresh if old is not None] + [old.pk for old in current.values()]
    if not fresh and not gone:
        return 0
    with transaction.atomic():
        Forecast.objects.unscoped("what is made anew takes its place").filter(pk__in=gone).update(superseded_at=now)
        rows = [_write(subject, one, sm3, indicators[one.code], run, actor) for one, sm3, _old in fresh]
        after = {"made": len(rows), "superseded": len(gone), "run": run.pk, "root": sm3_hex("".join(r.sm3 for r in rows).encode())}
        record("indicators.forecast.made", subject, actor=actor, after=after)
    return len(rows)


def _sm3(made: Made) -> str:
    """What the forecast rests on and what it says."""
    said = [made.code, made.basis, _code_sm3(), made.sentence, *(series.evidence["sm3"] for series in made.inputs)]
    return sm3_hex(canonical_json([*said, *(_columns(spot) for spot in made.spots)]).encode())


def _columns(spot: Spot) -> list[str | None]:
    return [spot.period.code, *map(number_text, spot.point), number_text(spot.required), spot.verdict]


def _write(subject: Subject, made: Made, sm3: str, indicator_id: int, run: Run, actor: Any) -> Forecast:
    found = made.found
    chosen: dict[str, Any] = {}
    if found is not None:
        records = [
            {"method": r.method, "label": r.label, "error_percent": number_text(r.error_percent), "origins": r.origins}
            for r in found.records
        ]
        chosen = {
            "method": found.method, "label": found.label, "level_percent": found.level_percent, "tested": made.tested,
            "beats_naive": found.beats_naive, "records": records,
        }  # fmt: skip
    history = [[span.code, number_text(number)] for span, number in made.history.at().items()]
    forecast = Forecast.objects.create(
        indicator_id=indicator_id, subject=subject, basis=made.basis, run=run, sentence=made.sentence, sm3=sm3, actor=actor,
        history=history, inputs=[series.evidence for series in made.inputs], **marks_of(*(made.inputs or (made.history,))), **chosen,
    )  # fmt: skip
    ForecastPoint.objects.bulk_create(_point(forecast, spot) for spot in made.spots)
    return forecast


def _point(forecast: Forecast, spot: Spot) -> ForecastPoint:
    span = spot.period
    return ForecastPoint(
        forecast=forecast, period_kind=span.kind, period_start=span.start, period_end=span.end, value=spot.point.value, low=spot.point.low,
        high=spot.point.high, required=spot.required, verdict=spot.verdict,
    )  # fmt: skip
