"""The step of the worker that listens to the series: new points, outages, their end, and what the quality rules see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from shuangkong.apps.desk.services.reminders import begin_today
from shuangkong.apps.monitoring import selectors
from shuangkong.apps.monitoring.models import Outage
from shuangkong.apps.monitoring.services import listening, outage_notices, outages
from shuangkong.apps.monitoring.services.alerts import civil_day
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.apps.monitoring.services.listening import Heard
from shuangkong.series.reading import Reader

_STEP = "monitoring.outages"


def step(now: datetime, root: Path | None = None) -> bool:
    """Takes what came, notices what stays away; whether anything changed."""
    folder = root or store()
    gateway, today = selectors.gateway(folder, now), civil_day(now)
    batches = listening.unheard(folder)
    if batches is None:
        heard, changed = Heard(), outages.notice(gateway, now)
        done = _count(folder, heard, changed, now) if changed else []
    else:
        with Reader(folder) as reader:
            heard = listening.listen(reader, batches, now)
            changed = outages.notice(gateway, now)
            done = outages.fill(reader, heard, changed, now)
    if changed or done or begin_today(_STEP, today):
        outage_notices.tell(today)
        return True
    return heard.anything


def _count(folder: Path, heard: Heard, changed: Sequence[Outage], now: datetime) -> list[Outage]:
    with Reader(folder) as reader:
        return outages.fill(reader, heard, changed, now)
