"""The proof of a run: one hash over all the values that it wrote. A changed, deleted or inserted value shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max

from shuangkong.apps.audit.verify import Finding, RowsProof
from shuangkong.apps.indicators.drafts import CONTENT, KEY_COLUMNS, NO_LINES
from shuangkong.apps.indicators.models import CurrentValue, Run, Value
from shuangkong.core.digest import rows_root

_FIELDS = (*KEY_COLUMNS, *CONTENT)
_MARKS = {"demonstration", "recalled", "public"}


def value_line(parts: Sequence[Any]) -> str:
    """One value (a draft, or a row) as the line that is hashed: its columns as text; the same on both engines.

    Nothing is the empty text, a mark 1 or 0, a day as 2025-07-01; the lines stand at the end of a table only.
    """
    return (_LINE % tuple(["" if part is None else part for part in parts])).removesuffix(_NO_TABLE)


# a mark is True in a draft and 1 in a row: %d prints both the same, and one format is quicker than joining texts
_LINE = "\x1f".join("%d" if name in _MARKS else "%s" for name in _FIELDS)
_NO_TABLE = f"\x1f{NO_LINES}"


def root_of(lines: Iterable[str]) -> str:
    """The root of the lines, in the order of their text."""
    return rows_root(sorted(lines))


def run_root(run: Run) -> str:
    """The root of what the database holds for ``run`` now; ``run.root`` is what it was when the run was written."""
    from shuangkong.apps.indicators.reading import raw_values

    values = Value.objects.unscoped("the proof of a run reads all its values").filter(run=run)
    return root_of(map(value_line, raw_values(values, _FIELDS)))


def _difference(run_id: int, after: dict[str, Any]) -> str:
    run = Run.objects.get(pk=run_id)
    now = run_root(run)
    if now != after["root"]:
        count = Value.objects.unscoped("audit verify counts a run's values").filter(run=run).count()
        return f"指标值被改动：发布时{after['values']}个，现{count}个，根不同"
    return "" if run.root == now else "计算批次所记的根与其审计记录不同"


def _published() -> Iterable[tuple[int, datetime]]:
    return Run.objects.filter(published_at__isnull=False).values_list("id", "published_at")


def check_current() -> Iterator[Finding]:
    """Each key's current value is the one that the last published run with that key wrote; another would show as the figure."""
    published = Value.objects.unscoped("audit verify").filter(run__published_at__isnull=False)
    last = dict(published.values_list("key").annotate(run=Max("run_id")))
    current = {key: (value_key, run) for key, value_key, run in CurrentValue.objects.values_list("key", "value__key", "value__run_id")}
    for key in sorted(last.keys() | current.keys()):
        if current.get(key) != (key, last.get(key)):
            yield Finding("indicators.current.changed", "现行值不是最近一次发布的值", f"指标值 {key}")


PROOF = RowsProof("indicators.run", "计算批次", "indicators.run.published", "", _published, lambda: (), _difference)
