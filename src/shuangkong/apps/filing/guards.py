"""What the database refuses of filings: changes of a round but its outcome, once; of passes; of explanations given."""

from __future__ import annotations

from django.db import models

from shuangkong.apps.audit.triggers import Guard, changed
from shuangkong.apps.filing.models import CheckSwitch, FoundFinding, Round, Suppression, Unlocking


def _once(model: type[models.Model], names: set[str], done: str) -> str:
    """Refuses any change but of the fields ``names``, and of those too once ``done`` is true of the old row."""
    fields = model._meta.concrete_fields
    kept = changed([field.column for field in fields if field.name not in names])
    late = changed([field.column for field in fields if field.name in names])
    return f"{kept} OR (({done}) AND {late})"


GUARDS = (
    Guard("filing_round", refuse_update=_once(Round, {"reviewed_by", "reviewed_at", "outcome", "reason", "pointed"}, "OLD.outcome <> ''")),
    Guard("filing_pass"),
    Guard(
        "filing_foundfinding",
        refuse_update=_once(FoundFinding, {"explanation", "explained_by", "explained_at"}, "OLD.explained_at IS NOT NULL"),
    ),
    Guard("filing_checkswitch", refuse_update=_once(CheckSwitch, {"decided_by", "decided_at", "granted"}, "OLD.decided_at IS NOT NULL")),
    Guard("filing_suppression", refuse_update=_once(Suppression, {"ends_on"}, "OLD.ends_on IS NOT NULL")),
    Guard("filing_unlocking", refuse_update=_once(Unlocking, {"decided_by", "decided_at", "granted"}, "OLD.decided_at IS NOT NULL")),
)
