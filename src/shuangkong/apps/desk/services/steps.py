"""Steps of the worker: small regular work that no person started. ``settings.WORKER_STEPS`` lists them.

A step is a function ``(now) -> bool``: it does one piece of work and says whether there was any. Several workers may run the same step at
once, so a step takes its piece by a filtered update. The clock is the database's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)

Step = Callable[[datetime], bool]


def database_now() -> datetime:
    """The clock of the database (UTC)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        found = cursor.fetchone()[0]
    moment = found if isinstance(found, datetime) else parse_datetime(str(found))
    assert moment is not None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def run_steps(now: datetime) -> bool:
    """Runs every step once; whether any did work. A step that fails is logged and does not keep the others from running."""
    did = False
    for name in settings.WORKER_STEPS:
        try:
            step: Step = import_string(name)
            did = step(now) or did
        except Exception:
            log.exception("step %s", name)
    return did
