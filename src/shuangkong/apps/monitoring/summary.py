"""What is wrong with the sources, in five seconds: the counts, the lead sentence, what to do first, the map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuangkong.apps.monitoring import overview
from shuangkong.apps.monitoring.models import Outage
from shuangkong.apps.monitoring.overview import Source
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.ui.charts import Area, Chart, map_chart
from shuangkong.apps.ui.statuses import VOCABULARY

#: How many of the gravest stand beside the map.
FIRST = 6
_LEVELS = {"cut": "1", "late": "2", "never": "na", "online": "3", "ended": "ex"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A source that needs somebody: with its outage, where one stands."""

    source: Source
    outage: Outage | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts by state (code, count), the gravest first; what needs somebody; how many more do; the map of the counties."""

    counts: list[tuple[str, int]]
    first: list[Trouble]
    more: int
    lead: str
    chart: Chart | None


def of(found: Sequence[Source], user: Any) -> Summary:
    """The summary of all that ``user`` may see, whatever the filters say."""
    counted = overview.counts(found)
    wrong = [source for source in found if source.state in ("cut", "late", "never")]
    shown = wrong[:FIRST]
    asked = [source.outage_id for source in shown if source.outage_id]
    outages = {outage.pk: outage for outage in Outage.objects.visible_to(user).filter(pk__in=asked)} if asked else {}
    troubles = [Trouble(source, outages.get(source.outage_id)) for source in shown]
    return Summary(list(counted.items()), troubles, len(wrong) - len(shown), _lead(found, counted), _map(found) if user.sees_all else None)


def _lead(found: Sequence[Source], counted: dict[str, int]) -> str:
    """One sentence."""
    if not found:
        return ""
    parts = []
    if counted["cut"]:
        parts.append(ngettext("%(n)d个中断", "%(n)d个中断", counted["cut"]) % {"n": counted["cut"]})
    if counted["late"]:
        parts.append(_("%(n)d个迟到") % {"n": counted["late"]})
    if counted["never"]:
        parts.append(_("%(n)d个从未上传") % {"n": counted["never"]})
    return "、".join(parts) if parts else _("全部在线")


def _map(found: Sequence[Source]) -> Chart | None:
    """The counties by the gravest state of a source there; a county without one is not marked."""
    by_county: defaultdict[str, list[Source]] = defaultdict(list)
    for source in found:
        by_county[source.county_code].append(source)
    counties = Subject.objects.filter(kind=Subject.Kind.COUNTY).values_list("code", "name")
    areas = [_area(code, name, by_county.get(code, [])) for code, name in counties]
    return map_chart(areas, _("各县市区监测点状态地图，右侧和下方的列表为同一内容")) if areas else None


def _area(code: str, name: str, there: Sequence[Source]) -> Area:
    if not there:
        return Area(name, "ex", _("没有监测点"), "")
    counted = overview.counts(there)
    gravest = next(state for state in overview.STATES if counted[state])
    said = "，".join(f"{VOCABULARY[f'point_{state}'].word}{n}" for state, n in counted.items() if n)
    return Area(name, _LEVELS[gravest], str(VOCABULARY[f"point_{gravest}"].word), said, f"?county={code}")
