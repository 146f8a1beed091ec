"""The proof of a run: one hash over all the values that it wrote. A changed, deleted or inserted value shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shuangkong.apps.indicators.drafts import CONTENT
from shuangkong.apps.indicators.models import Run, Value
from shuangkong.core.digest import rows_root

_FIELDS = ("key", *CONTENT)
_RAW = {"value": "value", "uncertainty_points": "uncertainty_points", "inputs": "inputs"}


def value_line(key: str, content: Iterable[Any]) -> str:
    """One value as the line that is hashed: its key and content, the same text on both engines."""
    return "\x1f".join((key, *("" if part is None else str(int(part)) if isinstance(part, bool) else str(part) for part in content)))


def root_of(lines: Iterable[str]) -> str:
    """The root of the lines, in the order of their text."""
    return rows_root(sorted(lines))


def run_root(run: Run) -> str:
    """The root of what the database holds for ``run`` now; ``run.root`` is what it was when the run was written."""
    from shuangkong.apps.indicators.reading import raw_values

    values = Value.objects.unscoped("the proof of a run reads all its values").filter(run=run)
    return root_of(value_line(row[0], row[1:]) for row in raw_values(values, _FIELDS))
