"""The export of targets: what the list shows with the same address, at full precision."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.exports import Table
from shuangkong.apps.indicators.targets import paths, selectors
from shuangkong.apps.indicators.targets.selectors import Asked, ListPage


def targets(user: Any, arguments: dict[str, str]) -> Table | None:
    """The targets of the asked plan; None where there is no plan."""
    asked = Asked(*(arguments.get(name, "").strip() for name in ("plan", "of", "indicator", "subject", "q")))
    page = selectors.list_page(user, asked, date.max)
    if page.plan is None:
        return None
    headings = [
        _("方案"), _("指标"), _("代码"), _("地方"), _("行业"), _("重点行动"), _("基期"), _("基期值"), _("目标年"), _("基本目标"),
        _("激励目标"), _("文字目标"), _("单位"), _("路径"), _("性质"), _("主要指标次序"), _("谁定的"), _("依据"), _("演示"),
    ]  # fmt: skip
    rows = list(_rows(page))
    return Table(_("%(name)s目标") % {"name": page.plan.period_name}, headings, rows, len(rows))


def _rows(page: ListPage) -> Any:
    for line in page.lines:
        t = line.target
        yield [
            t.plan.period_name, t.indicator.name, t.indicator.code, t.subject.name, t.industry, t.action.name if t.action else "", t.first,
            t.base_value, t.last, t.number, t.incentive, t.words, t.indicator.unit,
            paths.trajectory_of(t).label if t.number is not None else "", str(t.get_kind_display()), t.rank or None, t.set_by, t.source,
            _("演示") if t.demonstration else "",
        ]  # fmt: skip
