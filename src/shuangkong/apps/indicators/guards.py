"""What the database refuses: any change of a value or a stated figure, of a published run or a published decomposition.

A run that was never published (computed on demand, or broken off) may be thrown away with its values.
"""

from __future__ import annotations

from shuangkong.apps.audit.triggers import Guard, changed
from shuangkong.apps.indicators.models import Decomposition, Run

#: Of a version that was published only its state may still change: a newer one supersedes it.
_KEPT = [field.column for field in Decomposition._meta.concrete_fields if field.column != "state"]
_FROZEN = [field.column for field in Run._meta.concrete_fields]

GUARDS = (
    Guard("indicators_countyinput"),
    Guard(
        "indicators_decomposition",
        refuse_update=f"OLD.state IN ('published', 'superseded') AND {changed(_KEPT)}",
        refuse_delete="OLD.state IN ('published', 'superseded')",
    ),
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
