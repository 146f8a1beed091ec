"""What a target's page draws and lists: its path beside what is known, and a change field by field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from shuangkong.apps.indicators.drawing import short_label
from shuangkong.apps.indicators.models import Target, TargetProposal, Value
from shuangkong.apps.indicators.targets.paths import LEVEL, shape_of
from shuangkong.apps.indicators.targets.selectors import TargetPage
from shuangkong.apps.ui import figures
from shuangkong.apps.ui.charts import Chart, Line, line_chart
from shuangkong.core import wording
from shuangkong.core.periods import Period


class PathRow(NamedTuple):
    """One end of a year on the path."""

    period: Period
    required: Decimal
    known: Value | None


def rows(page: TargetPage) -> list[PathRow]:
    """The path at the base year's end and the ends of the years, beside what is known."""
    return [PathRow(point.period, point.required, page.known.get(point.months)) for point in page.path if point.months % 12 == 0]


def path_chart(page: TargetPage) -> Chart | None:
    """The path and the known values; None for a target without a path."""
    target = page.target
    if not page.path or target.number is None:
        return None
    screen = figures.screen_unit(target.indicator)
    known = [page.known.get(point.months) for point in page.path]
    lines = [Line(str(_("应达到")), [figures.scaled(point.required, screen) for point in page.path], "required")]
    if any(known):
        points = [None if value is None or value.value is None else figures.scaled(value.value, screen) for value in known]
        lines.insert(0, Line(str(_("实际")), points, "actual", [figures.address(value) if value else "" for value in known]))
    aim = figures.scaled(target.number, screen)
    words = f"{_('目标')}{wording.number(aim, screen.decimals)}{screen.unit}"
    due = max((i + 1 for i, value in enumerate(known) if value), default=0)
    return line_chart(
        [short_label(point.period) for point in page.path], lines, _("%(name)s的路径") % {"name": target.indicator.name}, unit=screen.unit,
        places=screen.decimals, target=(aim, words), zero=shape_of(target) != LEVEL, every=4, due=due,
    )  # fmt: skip


#: The words of a proposal's fields, in the order of the form.
FIELD_WORDS = {
    "kind": "性质", "number": "基本目标", "incentive": "激励目标", "words": "文字目标", "comparison": "比较", "base_year": "基期",
    "base_value": "基期值", "target_year": "目标年", "shape": "读法", "trajectory": "路径", "by_year": "各年末累计", "yearly": "当年目标",
    "rank": "主要指标次序", "set_by": "下达的机关", "industry": "行业", "details": "任务与分工",
}  # fmt: skip


class FieldChange(NamedTuple):
    """One field that a proposal changes."""

    word: str
    before: str
    after: str


def changes(proposal: TargetProposal) -> list[FieldChange]:
    """The fields that differ; of a new target those that say something."""
    before, body = proposal.before, proposal.body
    named = [(name, FIELD_WORDS[name], before.get(name), body[name]) for name in FIELD_WORDS if name in body]
    return [FieldChange(word, _shown(name, old), _shown(name, new)) for name, word, old, new in named if (old or "") != (new or "")]


def _shown(name: str, value: Any) -> str:
    if value in (None, "", {}, 0):
        return "—"
    if name == "kind":
        return str(Target.Kind(value).label)
    if isinstance(value, dict):
        return "、".join(f"{key}：{value[key]}" for key in sorted(value))
    return str(value)
