"""What of a place is in the ledger, quarter by quarter of a year: known since when, due and absent, or not due yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max, Q

from shuangkong.apps.ledger.measures import MEASURES
from shuangkong.apps.ledger.selectors import accepted

#: The measures that an intensity needs, in the order shown.
NEEDED = ("energy", "gdp", "gdp_growth", "electricity")
QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Filing:
    """One measure in one quarter: the day on which its newest figure was known, or whether it is due."""

    known_on: date | None
    due: bool

    @property
    def state(self) -> str:
        """The state of the vocabulary; empty before it is due."""
        if self.known_on is not None:
            return "accepted"
        return "not_filed" if self.due else ""


def filings(user: Any, subject_id: int, year: int, today: date, known_on: date | None = None) -> list[tuple[str, list[Filing]]]:
    """Rows of measures with their four quarters, as far as ``user`` may see them. One statement."""
    ends = [date(year + quarter // QUARTERS, quarter % QUARTERS * 3 + 1, 1) for quarter in range(1, QUARTERS + 1)]
    rows = accepted(known_on).visible_to(user).filter(Q(subject=subject_id) | Q(zone=subject_id), measure__in=NEEDED, period_end__in=ends)
    counted = rows.order_by().values_list("measure", "period_end").annotate(newest=Max("known_on"))
    newest = {(measure, end): day for measure, end, day in counted}
    return [(MEASURES[name].label, [Filing(newest.get((name, end)), end <= today) for end in ends]) for name in NEEDED]
