"""Recomputing: everything right of the ledger again, written where it changed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.jobs import Work
from shuangkong.apps.energy.compute import compute
from shuangkong.apps.energy.ground import common_ground
from shuangkong.apps.indicators.alerts import raise_alerts
from shuangkong.apps.indicators.evidence import AsOf
from shuangkong.apps.indicators.models import Run
from shuangkong.apps.indicators.sections import Sections, newest_run, sections_since
from shuangkong.apps.indicators.services import Known, Outdated, publish, store_known_on
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.errors import InputError

_ATTEMPTS = 3


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A computation makes tens of thousands of tuples and no cycles: going through them again and again finds nothing.

    What is left of them at its end counts as old, so that the collector does not go through all of it as soon as it is back.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()
        if enabled:
            gc.enable()


def recompute(now: datetime, today: date, actor: Any = None, reason: str = "", *, afresh: bool = False) -> Run | None:
    """Compute all values as known today and publish what changed as a run. None when nothing changed.

    Sections whose rows, rules and code are those of the current values are not made again; ``afresh`` makes and compares every value.

    Raises:
        InputError: other computations kept publishing meanwhile.
    """
    rulebook = current_rulebook()
    for _attempt in range(_ATTEMPTS):
        ground = common_ground(rulebook, today)
        sections = Sections(ground, base=newest_run()) if afresh else sections_since(ground)
        with suppress(Outdated):
            with _collector_at_rest():
                drafts = compute(rulebook, AsOf(known_on=today), today, sections)
                run = publish(drafts, Known(today, rulebook.hash), now=now, actor=actor, reason=reason, sections=sections)
            if run is not None:
                raise_alerts(today)
            return run
    raise InputError("计算结果未能生效", why="同时有别的计算在发布", do="稍后重新计算")


def run_recompute(work: Work) -> None:
    """The job that computes all accounts anew when a rule was confirmed.

    Raises:
        InputError: whoever it runs for no longer works for the city as a whole.
    """
    if not work.user.sees_all:
        raise InputError(_("无权重新计算全市各账"), do=_("请市级主管部门发起"))
    work.progress(0, 0, _("重新计算"))
    run = recompute(work.now, work.today, work.user, work.job.title)
    work.keep_result(run=run.pk if run is not None else None)


def compute_known_on(known_on: date, now: datetime, actor: Any = None) -> Run:
    """Compute all values as known on a day, as a run of its own that is never published."""
    rulebook = current_rulebook()
    with _collector_at_rest():
        drafts = compute(rulebook, AsOf(known_on=known_on), known_on)
    return store_known_on(drafts, Known(known_on, rulebook.hash, had_at=now), now=now, actor=actor)
