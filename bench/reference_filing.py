"""The reference of the pages of filing: plain signed-in Django views that fetch the same rows with one raw SQL statement each and render
as many cells and bytes with Django's own template engine. They know no scope, state words, rates or paging: the least that such pages cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import include, path

COLUMNS = 13
#: Fifty units with their filings of a year; the inbox of one subject.
SQL = {
    "matrix": """
SELECT s.name, f.period_end, f.state, f.due_on, f.version, f.id
FROM (SELECT id, name, position, code FROM organisations_subject WHERE kind = 'enterprise' ORDER BY position, code LIMIT 50) s
JOIN filing_filing f ON f.subject_id = s.id
WHERE f.form_id = %s AND f.period_end > %s AND f.period_end <= %s
ORDER BY s.position, s.code, f.period_end""",
    "inbox": """
SELECT title, detail, due_on, severity, address, demonstration FROM desk_inboxitem
WHERE for_subject_id = %s AND closed_at IS NULL ORDER BY due_on, severity, id LIMIT 50""",
}
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>参照</title></head><body><h1>参照</h1>
<table><tbody>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>
<!--FILL--></body></html>"""


@dataclass
class Shape:
    """What a measured page is like: its cells and bytes, and the arguments of the statement."""

    cells: int
    size_bytes: int
    arguments: Sequence[Any]
    rows: int = 0
    template: Template = field(default_factory=lambda: Template(PAGE))


SHAPES: dict[str, Shape] = {}


def fetch(name: str) -> list[tuple[Any, ...]]:
    """The rows of a page in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(SQL[name], SHAPES[name].arguments)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _cells(rows: list[tuple[Any, ...]], cells: int) -> list[list[Any]]:
    """As many cells as the measured page has, out of the fetched rows in turn."""
    flat = list(islice(cycle(cell for row in rows for cell in row), cells))
    return [flat[i : i + COLUMNS] for i in range(0, len(flat), COLUMNS)]


@login_required
def reference(request: HttpRequest, name: str) -> HttpResponse:
    """Fetches and renders."""
    if name not in SHAPES:
        raise Http404
    shape, rows = SHAPES[name], fetch(name)
    shape.rows = len(rows)
    return HttpResponse(shape.template.render(Context({"rows": _cells(rows, shape.cells), "user": request.user})))


def fit(name: str, cells: int, size_bytes: int, arguments: Sequence[Any]) -> None:
    """Cut the reference to the measured page."""
    shape = SHAPES[name] = Shape(cells, size_bytes, arguments)
    bare = len(shape.template.render(Context({"rows": _cells(fetch(name), cells)})).encode())
    shape.template = Template(PAGE.replace("<!--FILL-->", "<p>" + "x" * max(0, size_bytes - bare) + "</p>"))


urlpatterns = [path("reference/<slug:name>/", reference), path("", include("shuangkong.project.urls"))]
