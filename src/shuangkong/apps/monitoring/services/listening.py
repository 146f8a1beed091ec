"""What came since the last look: new points enter the register, and each point knows when its newest real-time value was, and came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction

from shuangkong.apps.monitoring.models import Point, QualityProgress
from shuangkong.apps.monitoring.services import points
from shuangkong.series.catalogue import DATABASE, Catalogue
from shuangkong.series.reading import FOLDER, Reader
from shuangkong.series.schema import KINDS

#: The kinds that are expected each interval; sums and means of periods say nothing of a line that is cut.
REALTIME = ("realtime", "realtime.zs", "realtime.data", "meter.realtime")
_WORK = "heard"


@dataclass(frozen=True)
class Heard:
    """What came: whether anything did, and by point the first and the last time of the real-time values that came."""

    anything: bool = False
    spans: Mapping[int, tuple[datetime, datetime]] = field(default_factory=dict)


class Unheard(NamedTuple):
    """The last batch that was heard, and the last that the series holds."""

    heard: int
    parsed: int


def unheard(root: Path) -> Unheard | None:
    """What batches wait to be heard; None where there are none, or no series yet."""
    if not (root / FOLDER / DATABASE).exists():
        return None
    catalogue = Catalogue(root / FOLDER, write=False)
    try:
        parsed = catalogue.state("parsed") if catalogue.is_made() else 0
    finally:
        catalogue.close()
    state = QualityProgress.objects.filter(name=_WORK).first()
    heard = state.batch if state else 0
    return Unheard(heard, parsed) if parsed > heard else None


def listen(reader: Reader, batches: Unheard, now: datetime) -> Heard:
    """Takes what the batches brought, once. The reader was opened after they were asked for, so it holds them."""
    rows = _arrived(reader, batches.heard)
    with transaction.atomic():
        QualityProgress.objects.get_or_create(name=_WORK, defaults={"at": now})
        taken = QualityProgress.objects.filter(name=_WORK, batch=batches.heard)
        if taken.update(batch=batches.parsed, at=now) != 1:
            return Heard()
        _register(reader, {row["point"] for row in rows}, now)
        heard = [row for row in rows if row["real"]]
        points.heard({row["point"]: (_aware(row["last"]), _aware(row["received"])) for row in heard})
    return Heard(True, {row["point"]: (_aware(row["first"]), _aware(row["last"])) for row in heard})


def _arrived(reader: Reader, after: int) -> list[dict[str, Any]]:
    """By point, and by whether the values are real-time ones: first and last time, when the last came."""
    table = reader.arrived(after)
    real = table.kind.isin([KINDS[name] for name in REALTIME])
    by = table.mutate(real=real).group_by("point", "real")
    found = by.aggregate(first=table.time.min(), last=table.time.max(), received=table.received.max())
    rows: list[dict[str, Any]] = reader.arrow(found).to_pylist()
    return rows


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _register(reader: Reader, came: set[int], now: datetime) -> None:
    """The points that came and are not registered yet; those of nobody's device stay out until it is registered."""
    known = set(Point.objects.unscoped("which points are registered").filter(pk__in=came).values_list("pk", flat=True))
    if came - known:
        points.make_points([point for point in reader.points() if point.point in came - known], now)
