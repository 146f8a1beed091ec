"""What of the indicators can be exported: the tables that their pages show with the same address, at full precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.desk.services.exports import Table
from shuangkong.apps.indicators import latest, pages
from shuangkong.apps.indicators.models import Value
from shuangkong.apps.indicators.views import asked_of
from shuangkong.core.figures import Status


def indicator(user: Any, arguments: dict[str, str]) -> Table | None:
    """All places at the chosen period, lenses and releases side by side; None for an unknown indicator or nothing to show."""
    page = pages.indicator_page(user, arguments.get("code", ""), asked_of(arguments), None)
    if page is None or page.period is None:
        return None
    headings = [_("地方"), _("代码"), _("期别"), _("口径"), _("单位"), *(str(pages.LENSES[lens]) for lens in page.lenses)]
    both = {"issued", "reported"} <= set(page.lenses)
    headings += [_("填报减核定")] if both else []
    headings += [*(str(pages.RELEASES[release]) for release in page.releases), _("状态"), _("等级"), _("演示"), _("待核实")]
    rows = [_row(page, line, both) for line in page.lines]
    return Table(f"{page.indicator.name} {page.period.label}", headings, rows, len(rows), _notes(page))


def _row(page: pages.IndicatorPage, line: pages.PlaceLine, both: bool) -> list[Any]:
    main = line.main
    assert page.period is not None
    head = [line.subject.name, line.subject.code, page.period.label, str(pages.BASES[page.basis]), page.indicator.unit]
    lenses = [_content(line.lenses.get(lens)) for lens in page.lenses]
    releases = [_content(line.releases.get(release)) for release in page.releases]
    levels = "；".join(level.words for level in line.levels if level.words)
    marks = [_("演示") if main and main.demonstration else "", _("待核实") if main and main.recalled else ""]
    return [*head, *lenses, *([line.difference] if both else []), *releases, Status(main.status).label if main else "", levels, *marks]


def _content(value: Value | None) -> Any:
    """The number at full precision, else the words."""
    if value is None:
        return None
    return value.words if value.words and (value.value is None or value.indicator.family == "warning") else value.value


def _notes(page: pages.IndicatorPage) -> list[str]:
    return [_("截至{day}所知").format(day=page.asked.known_on.isoformat())] if page.asked.known_on else []


def indicators(user: Any, arguments: dict[str, str]) -> Table:
    """Every indicator with its newest value for the chosen place."""
    subject = latest.chosen_place(user, latest.places(user), arguments.get("subject", ""))
    rows: list[Sequence[Any]] = []
    for family, lines in latest.latest_by_family(user, subject, arguments.get("q", "").strip()):
        for line in lines:
            value = line.value
            known = [value.period.label, _content(value), Status(value.status).label] if value else ["", None, ""]
            marks = [_("演示") if value and value.demonstration else "", _("待核实") if value and value.recalled else ""]
            rows.append([str(family), line.indicator.code, line.indicator.name, *known, line.indicator.unit, *marks])
    headings = [_("类别"), _("代码"), _("指标"), _("期别"), _("最新值"), _("状态"), _("单位"), _("演示"), _("待核实")]
    name = subject.name if subject else ""
    return Table(_("{name}指标最新值").format(name=name), headings, rows, len(rows))
