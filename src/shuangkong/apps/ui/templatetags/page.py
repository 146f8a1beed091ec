"""Template tags of the frame: icons, the rail, addresses with changed parameters, charts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import escape, format_html, json_script
from django.utils.safestring import SafeString, mark_safe

from shuangkong.apps.ui import navigation
from shuangkong.apps.ui.charts import Chart
from shuangkong.apps.ui.tables import changed

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; hidden from readers unless it has a ``label``."""
    named = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return mark_safe(f'<svg class="ti" {named}><use href="{static("ui/icons.svg")}#{name}"></use></svg>')


@register.simple_tag(takes_context=True)
def rail(context: Any) -> list[Any]:
    """The groups of the rail for this page and person."""
    request = context["request"]
    return navigation.rail(request.path, getattr(request.user, "role", ""))


@register.simple_tag(takes_context=True)
def bottom(context: Any) -> list[navigation.Link]:
    """The bottom bar of a phone."""
    return navigation.bottom(context["request"].path)


@register.filter
def answers(path: str) -> bool:
    """Whether an address exists here (``"search/"|answers``)."""
    return navigation.exists(path)


@register.simple_tag(takes_context=True)
def address(context: Any, **changes: object) -> str:
    """This page with parameters changed: ``{% address plan="cz-14" page=None %}``."""
    return changed(context["request"].GET, **changes)


@register.inclusion_tag("ui/partials/chart.html")
def chart(drawing: Chart, name: str, size: str = "m", map_address: str = "") -> dict[str, object]:
    """A chart: its canvas, its option as data, and the same figures as a table.

    ``name`` is unique on the page; ``size`` is s, m or l; ``map_address`` is where the map of a map chart is fetched.
    """
    return {
        "chart": drawing,
        "name": name,
        "size": size,
        "map_address": map_address,
        "option": json_script(drawing.option, f"{name}-option"),
        "table": chart_table(drawing),
    }


def chart_table(drawing: Chart) -> SafeString:
    """The figures of a chart as a table, made in one piece: it may have hundreds of cells."""
    heads = [f'<th scope="col"{_numeric(i)}>{escape(text)}</th>' for i, text in enumerate(drawing.headings)]
    rows = ["".join(f'<td{_numeric(i, "num")}>{escape(text)}</td>' for i, text in enumerate(row)) for row in drawing.rows]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    caption = f'<caption class="vh">{escape(drawing.label)}</caption>'
    return mark_safe(f'<table class="tb">{caption}<thead><tr>{"".join(heads)}</tr></thead><tbody>{body}</tbody></table>')


def _numeric(column: int, css: str = "r") -> str:
    """The class of every column but the first."""
    return f' class="{css}"' if column else ""


@register.simple_tag
def logo() -> SafeString:
    """The sign of the platform."""
    drawing = static("ui/logo.svg")
    return format_html('<svg class="sk-logo" viewBox="0 0 26 26" aria-hidden="true"><use href="{}#logo"></use></svg>', drawing)
