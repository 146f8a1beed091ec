"""The key actions of a plan with their indicators, tasks and projects: a fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shuangkong.apps.indicators.models import Target
from shuangkong.apps.plans.models import Action, ActionItem, ParentTarget, Plan


@dataclass
class ActionLine:
    """One action. ``state``: late, done, running, or empty where nothing was entered that the reader may see."""

    action: Action
    targets: list[Target] = field(default_factory=list)
    asks: list[ParentTarget] = field(default_factory=list)
    items: list[ActionItem] = field(default_factory=list)
    today: date = date.min

    @property
    def late(self) -> list[ActionItem]:
        """Items that are over their day."""
        return [item for item in self.items if item.done_on is None and item.due_on < self.today]

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(item.done_on is not None for item in self.items)

    @property
    def state(self) -> str:
        """Whether it is on time; only as good as what was entered."""
        if not self.items:
            return ""
        return "late" if self.late else "done" if self.done == len(self.items) else "running"

    @property
    def owners(self) -> list[str]:
        """The departments and places that owe something."""
        names = [item.department.short_name if item.department else item.subject.name if item.subject else "" for item in self.items]
        return [name for name in dict.fromkeys(names) if name]


def plans_with_actions() -> list[Plan]:
    """The plans that have key actions, newest first."""
    return list(Plan.objects.filter(actions__isnull=False).distinct().order_by("-first_year"))


def action_lines(user: Any, plan: Plan, today: date) -> list[ActionLine]:
    """Every action of the plan with what belongs to it. Four statements."""
    lines = {action.pk: ActionLine(action, today=today) for action in Action.objects.filter(plan=plan)}
    for target in Target.objects.visible_to(user).filter(action__in=list(lines)).select_related("indicator", "subject"):
        lines[target.action_id].targets.append(target)
    for ask in ParentTarget.objects.filter(action__in=list(lines)):
        lines[ask.action_id].asks.append(ask)
    items = ActionItem.objects.visible_to(user).filter(action__in=list(lines)).select_related("department", "subject", "obligation")
    for item in items.order_by("due_on", "id"):
        lines[item.action_id].items.append(item)
    return list(lines.values())
