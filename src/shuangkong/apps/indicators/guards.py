"""What the database refuses of indicator values: any update, and deletion once their run is published.

A run that was never published (computed on demand, or broken off) may be thrown away with its values.
"""

from __future__ import annotations

from shuangkong.apps.audit.triggers import Guard, changed
from shuangkong.apps.indicators.models import Run

_FROZEN = [field.column for field in Run._meta.concrete_fields]

GUARDS = (
    Guard("indicators_ruleset"),
    Guard(
        "indicators_run",
        refuse_update=f"OLD.published_at IS NOT NULL AND {changed(_FROZEN)}",
        refuse_delete="OLD.published_at IS NOT NULL",
    ),
    Guard(
        "indicators_value",
        refuse_delete='EXISTS (SELECT 1 FROM indicators_run r WHERE r.id = OLD."run_id" AND r.published_at IS NOT NULL)',
    ),
)
