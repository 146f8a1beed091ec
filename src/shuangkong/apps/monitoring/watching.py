"""What live pages watch: the states of all sources, or one point with its newest values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from shuangkong.apps.monitoring import history, overview, selectors
from shuangkong.apps.monitoring.live import Event, Look
from shuangkong.apps.monitoring.overview import Source
from shuangkong.apps.monitoring.services.collecting import store
from shuangkong.apps.ui.time_charts import shown_ms
from shuangkong.core.digest import sm3_hex


def digest(found: Iterable[Source]) -> str:
    """Names the states of all sources together: another text when one of them changes."""
    return sm3_hex("\n".join(f"{source.key} {source.state} {source.outage_id}" for source in sorted(found, key=_key)).encode())[:16]


def _key(source: Source) -> str:
    return source.key


def all_sources(user: Any, known: str, now: datetime) -> Event | None:
    """That the state of a source which ``user`` may see changed; what it is now the page asks itself."""
    found = overview.sources(user, selectors.gateway(store(), now), now)
    state = digest(found)
    return None if state == known else Event("state", state, {"counts": overview.counts(found)})


#: How far back the newest values are looked for.
REACH = timedelta(minutes=30)


def moment(at_ms: int) -> datetime:
    """Milliseconds since 1970 as an aware moment; the epoch where they are beyond any calendar."""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def one_point(point_id: int) -> Look:
    """Watches one point: its values that came since, and the state of its source. The state and the newest value name what is known."""

    def look(user: Any, known: str, now: datetime) -> Event | None:
        point = selectors.point_of(user, point_id)
        if point is None:
            return None
        source = overview.source_of(user, point, selectors.gateway(store(), now), now)
        state, _dot, since = known.partition(".")
        told = int(since) if since.isascii() and since.isdigit() else 0
        newest = int(point.last_at.timestamp() * 1000) if point.last_at else 0
        name = f"{digest([source])}.{max(newest, told)}"
        if state and name.partition(".")[0] != state:
            return Event("state", name, {})
        if newest <= told and state:
            return None
        return Event("values", name, {"values": _values(point_id, max(moment(told), now - REACH), now)})

    return look


def _values(point_id: int, since: datetime, now: datetime) -> list[list[Any]]:
    """The real-time values after a moment, as the chart takes them."""
    window = history.Window(history.LEVELS["realtime"], since + timedelta(milliseconds=1), now + timedelta(hours=1))
    return [[shown_ms(reading.at), reading.value] for reading in history.values([point_id], window)[point_id]]
