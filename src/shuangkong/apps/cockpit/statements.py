"""The first line of a page: what is wrong, where, and who must act. Sentences from rows, nothing computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shuangkong.apps.cockpit.selectors import Moment
from shuangkong.apps.ui.figures import text
from shuangkong.apps.ui.words import said as _
from shuangkong.core import wording

if TYPE_CHECKING:
    from shuangkong.apps.cockpit.cells import Aim
    from shuangkong.apps.cockpit.overview import Overview, PlaceRow

#: Names in a sentence before it says 等.
NAMED = 6


@dataclass(frozen=True, slots=True)
class Statement:
    """What the page says first; ``css`` is the class of its strip (a-1 worst … a-3 good, a-na nothing known)."""

    wrong: str
    act: str
    css: str


def names(rows: Sequence[PlaceRow]) -> str:
    """资兴市、宜章县, and 等 beyond a few."""
    listed = "、".join(row.subject.name for row in rows[:NAMED])
    return _("%(names)s等") % {"names": listed} if len(rows) > NAMED else listed


def of_overview(page: Overview) -> Statement:
    """The first line of the cockpit."""
    if page.moment is None:
        return Statement(_("还没有可算出强度的数据"), _("请导入能源与GDP数据；已导入的，缺什么见待办"), "a-na")
    if page.city is not None and page.city.withheld and not page.counties:
        return Statement(_("这一期的数未公开，公开后可在这里看"), "", "a-na")
    return _of_result(page) if page.closed else _of_course(page)


def _of_course(page: Overview) -> Statement:
    rose = [row for row in page.counties if row.rose]
    behind = [row for row in page.counties if row.behind and not row.rose]
    missing = [row for row in page.counties if row.missing]
    wrong, act = [], []
    if rose:
        wrong.append(_("%(n)d个县市区强度不降反升：%(names)s") % {"n": len(rose), "names": names(rose)})
        act.append(_("请%(names)s说明原因、采取措施") % {"names": names(rose)})
    if behind:
        wrong.append(_("%(n)d个未达到进度要求：%(names)s") % {"n": len(behind), "names": names(behind)})
        act.append(_("请%(names)s对照进度补差") % {"names": names(behind)})
    if missing:
        wrong.append(_("%(n)d个县市区缺报：%(names)s") % {"n": len(missing), "names": names(missing)})
        act.append(_("请%(names)s补报") % {"names": names(missing)})
    if page.pending is not None and page.standing is not None:
        held = {"quarter": Moment(page.pending).ytd.spoken, "known": page.standing.known, "due": page.standing.due}
        wrong.append(_("%(quarter)s未报齐（%(known)d/%(due)d）") % held)
    if page.target is None:
        wrong.append(_("%(plan)s强度目标未下达，只看趋势") % {"plan": page.plan.period_name})
    if not wrong:
        return Statement(_("可见的%(n)d个县市区都达到进度要求") % {"n": len(page.counties)}, "", "a-3")
    late = page.pending is not None
    css = "a-1" if rose else "a-2" if behind or missing or late else "a-na"
    return Statement("；".join(wrong), "；".join(act), css)


def _of_result(page: Overview) -> Statement:
    decline = page.city.decline if page.city else None
    if page.city is not None and page.city.withheld:
        return Statement(_("%(plan)s全市结果未公开") % {"plan": page.plan.period_name}, "", "a-na")
    if decline is None or decline.value is None:
        return Statement(_("%(plan)s结果缺数：全市单位GDP能耗累计降低率算不出") % {"plan": page.plan.period_name}, "", "a-na")
    said = _("%(plan)s全市单位GDP能耗累计%(decline)s") % {"plan": page.plan.period_name, "decline": wording.decline(decline.value)}
    if page.target is None or page.target.number is None:
        return Statement(said, "", "a-na")
    met = decline.value >= page.target.number
    verdict = _("目标%(target)s%%，%(verdict)s") % {
        "target": plain(page.target.number),
        "verdict": _("已完成") if met else _("未完成"),
    }
    below = [row for row in page.counties if row.behind]
    parts = [said, verdict]
    if below:
        parts.append(_("%(n)d个县市区未完成：%(names)s") % {"n": len(below), "names": names(below)})
    return Statement("，".join(parts), "", "a-3" if met and not below else "a-2")


def of_county_result(row: PlaceRow, plan_name: str, target: Aim | None) -> Statement | None:
    """The first line of a county's page when the plan is over; None where there is no result to tell."""
    decline = row.decline.value if row.decline is not None else None
    gap = row.gap.value if row.gap is not None else None
    if row.withheld or decline is None or gap is None:
        return None
    parts = [_("%(plan)s累计%(decline)s") % {"plan": plan_name, "decline": wording.decline(decline)}]
    if target is not None and target.number is not None:
        parts.append(_("目标%(target)s%%") % {"target": plain(target.number)})
    parts.append(_("已完成") if gap >= 0 else _("未完成"))
    return Statement("，".join(parts), "", "a-3" if gap >= 0 else "a-2")


def plain(number: object) -> str:
    """A target as people write it: 15, 14.5, 10,500."""
    whole = f"{number:,f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def of_county(row: PlaceRow, plan_name: str, targeted: bool, unfiled: Sequence[str] | None = None) -> Statement:
    """The first line of a county's page; ``unfiled`` names what is due and absent, None where that is not known."""
    name = row.subject.name
    if row.withheld:
        return Statement(_("%(name)s这一期的数未公开，不在您可查看的范围内") % {"name": name}, "", "a-na")
    if row.change is not None and row.change.value is None and row.change.treatment == "assessed":
        said = {"name": name, "why": row.change.sentence}
        return Statement(_("%(name)s考核口径算不出：%(why)s") % said, _("请%(name)s补报") % {"name": name}, "a-na")
    if row.missing and unfiled is not None and not unfiled:
        return Statement(_("%(name)s这一期已填报，待核定下达，强度还算不出") % {"name": name}, "", "a-na")
    if row.missing or row.change is None:
        return Statement(_("%(name)s这一期缺报，强度算不出") % {"name": name}, _("请%(name)s补报") % {"name": name}, "a-na")
    wrong, css = [], "a-3"
    if row.rose:
        wrong.append(_("本年强度不降反升，同比%(change)s") % {"change": text(row.change)})
        css = "a-1"
    elif row.change.value is not None:
        wrong.append(_("本年强度同比%(change)s") % {"change": text(row.change)})
    if row.gap is not None and row.gap.value is not None:
        wrong.append(_("比进度要求%(gap)s") % {"gap": wording.points(row.gap.value)})
        css = "a-2" if row.gap.value < 0 and css == "a-3" else css
    if row.decline is not None and row.decline.value is None and row.decline.treatment == "assessed":
        wrong.append(_("考核口径累计降低率算不出：%(why)s") % {"why": row.decline.sentence})
        css = "a-2" if css == "a-3" else css
    if not targeted:
        wrong.append(_("%(plan)s目标未下达，只看趋势") % {"plan": plan_name})
        css = "a-na" if css == "a-3" else css
    acts = [_("请%(name)s说明原因、采取措施") % {"name": name}] if css in ("a-1", "a-2") else []
    said = "，".join(wrong)
    if unfiled:
        said += _("；%(what)s未报") % {"what": "、".join(unfiled)}
        acts.append(_("请%(name)s补报") % {"name": name})
        css = "a-2" if css in ("a-3", "a-na") else css
    return Statement(said, "；".join(acts), css)
