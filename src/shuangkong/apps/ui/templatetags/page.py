"""Template tags of the frame: icons, the rail, headings, addresses with changed parameters, charts."""

from __future__ import annotations

from functools import cache, lru_cache
from html import escape
from json import JSONEncoder
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from shuangkong.apps.ui import navigation
from shuangkong.apps.ui.charts import Chart
from shuangkong.apps.ui.tables import Heading, Table, changed
from shuangkong.apps.ui.words import language
from shuangkong.apps.ui.words import said as _

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; hidden from readers unless it has a ``label``."""
    named = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return mark_safe(f'<svg class="ti" {named}><use href="{static("ui/icons.svg")}#{name}"></use></svg>')


@register.simple_tag(takes_context=True)
def rail(context: Any) -> SafeString:
    """The list of the rail for this page and person, with how much waits for them."""
    request = context["request"]
    links = _rail(navigation.best_match(request.path), getattr(request.user, "role", ""), language())
    return _counted(links, "cnt", context.get("inbox_count"))


@lru_cache(maxsize=512)
def _rail(best: str, role: str, language: str) -> str:
    """The same for everybody of a role on the pages of one entry, in one language; ``%s`` stands where the count goes."""
    parts = []
    for word, links in navigation.rail(best, role):
        parts.append(f'<li class="g">{escape(str(word))}</li>')
        parts += [f"<li>{_link(link)}</li>" for link in links]
    return "".join(parts)


@register.simple_tag(takes_context=True)
def bottom(context: Any) -> SafeString:
    """The bottom bar of a phone."""
    return _counted(_bottom(navigation.best_match(context["request"].path), language()), "dot", context.get("inbox_count"))


@lru_cache(maxsize=512)
def _bottom(best: str, language: str) -> str:
    return "".join(_link(link) for link in navigation.bottom(best))


def _link(link: navigation.Link) -> str:
    current = ' aria-current="page"' if link.current else ""
    count = "%s" if link.counted else ""
    return f'<a href="{escape(link.address)}"{current}>{icon(link.icon)}{escape(str(link.word))}{count}</a>'


def _counted(html: str, css: str, count: object) -> SafeString:
    return mark_safe(html.replace("%s", f'<span class="{css}">{count}</span>' if count else ""))


@register.simple_tag
def fixed(template_name: str) -> SafeString:
    """A partial that is the same on every page: rendered once for each language and kept."""
    return _fixed(template_name, language())


@lru_cache(maxsize=64)
def _fixed(template_name: str, language: str) -> SafeString:
    return mark_safe(render_to_string(template_name))


@register.simple_tag
def headings(shown: Table) -> SafeString:
    """The head of a sortable table, in one piece."""
    return mark_safe(f"<thead><tr>{''.join(map(_heading, shown.headings))}</tr></thead>")


def _heading(heading: Heading) -> str:
    column = heading.column
    css = f' class="{column.css}"' if column.css else ""
    order = f' aria-sort="{heading.sorted}"' if heading.sorted else ""
    word = escape(str(column.word))
    inner = f'<a class="sort" href="{escape(heading.address)}">{word}</a>' if heading.address else word
    unit = f'<span class="u">{escape(str(column.unit))}</span>' if column.unit else ""
    return f'<th scope="col"{css}{order}>{inner}{unit}</th>'


@register.filter
def answers(path: str) -> bool:
    """Whether an address exists here (``"search/"|answers``)."""
    return navigation.exists(path)


@register.simple_tag(takes_context=True)
def address(context: Any, **changes: object) -> str:
    """This page with parameters changed: ``{% address plan="cz-14" page=None %}``."""
    return changed(context["request"].GET, **changes)


@register.simple_tag
def chart(drawing: Chart, name: str, size: str = "m", map_address: str = "") -> SafeString:
    """A chart: its canvas, its option as data, and the same figures as a table.

    ``name`` is unique on the page; ``size`` is s, m or l; ``map_address`` is where the map of a map chart is fetched.
    """
    shapes = f' data-map="{escape(map_address)}"' if map_address else ""
    failed, view = escape(_("图画不出来，请看表格")), escape(_("表格"))
    return mark_safe(
        f'<div class="chart-box"><div class="chart chart-{size}" data-chart="{name}"{shapes} data-failed="{failed}" role="img" '
        f'aria-label="{escape(drawing.label)}"></div>{_option(drawing, name)}'
        f'<button class="btn btn-link chart-view" type="button" data-chart-view aria-pressed="false">{view}</button>'
        f'<div class="tw chart-table">{chart_table(drawing)}</div></div>'
    )


_JSON = JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)
def _option(drawing: Chart, name: str) -> str:
    """The option as data; nothing in it can end the script that holds it."""
    data = _JSON.encode(drawing.option).replace("&", "\\u0026").replace("<", "\\u003C").replace(">", "\\u003E")
    return f'<script id="{name}-option" type="application/json">{data}</script>'


def chart_table(drawing: Chart) -> SafeString:
    """The figures of a chart as a table, made in one piece: it may have hundreds of cells."""
    head = "".join(f'<th scope="col"{_NUMERIC[bool(i)]}>{escape(text)}</th>' for i, text in enumerate(drawing.headings))
    body = "".join(f"<tr>{_table_row(*map(escape, row))}</tr>" for row in drawing.rows)
    caption = f'<caption class="vh">{escape(drawing.label)}</caption>'
    return mark_safe(f'<table class="tb">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>')


#: The class of the headings of every column but the first.
_NUMERIC = ("", ' class="r"')


def _table_row(first: str, *others: str) -> str:
    return f"<td>{first}</td>" + "".join([f'<td class="num">{text}</td>' for text in others])


@register.simple_tag
@cache
def logo() -> SafeString:
    """The sign of the platform."""
    drawing = static("ui/logo.svg")
    return format_html('<svg class="sk-logo" viewBox="0 0 26 26" aria-hidden="true"><use href="{}#logo"></use></svg>', drawing)
