"""The reference of the cockpit: a plain signed-in Django view that fetches the same rows with one raw SQL statement and renders as many
cells and bytes (± 10 %) with Django's own template engine. It knows no figure, status or explanation: this is the least that such a
page costs.

The template is cut to the measured page: its rows go round until there are as many cells; literal text fills up to its bytes, as the
frame of a page does.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import include, path

COLUMNS = 8
_READ = """
SELECT v.subject_id, s.name, i.name, i.unit, v.period_end, v.value, v.words, v.severity, v.status, v.demonstration
FROM indicators_indicator i
JOIN indicators_value v ON v.indicator_id = i.id
JOIN indicators_currentvalue c ON c.value_id = v.id
JOIN organisations_subject s ON s.id = v.subject_id
WHERE v.release = '' AND v.treatment = 'gross' AND"""
#: The places at the moment and the city's path, as two halves: with OR the databases would look through every period.
SQL = f"""{_READ} i.code IN ({{codes}}) AND s.kind IN ('city', 'county', 'zone') AND v.period_end = %s
UNION ALL {_READ} i.code = %s AND s.kind = 'city' AND v.period_end > %s AND v.period_end <= %s
ORDER BY 1, 3, 5
"""
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>参照</title></head><body><h1>参照</h1>
<table><tbody>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>
<!--FILL--></body></html>"""


@dataclass
class Shape:
    """What the measured page is like: its cells, its bytes, and what it asked for."""

    cells: int = 0
    size_bytes: int = 0
    codes: tuple[str, ...] = ()
    series: str = ""
    end: Any = None
    first: Any = None
    rows: int = 0
    template: Template | None = None


SHAPE = Shape()


def fetch() -> list[tuple[Any, ...]]:
    """The rows of the cockpit in one statement."""
    marks = ", ".join(["%s"] * len(SHAPE.codes))
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(codes=marks), [*SHAPE.codes, SHAPE.end, SHAPE.series, SHAPE.first, SHAPE.end])
        return cursor.fetchall()


def _cells(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    """As many cells as the measured page has, in rows of one width, out of the fetched rows in turn."""
    flat = islice(cycle(cell for row in rows for cell in row), SHAPE.cells)
    cells = list(flat)
    return [cells[i : i + COLUMNS] for i in range(0, len(cells), COLUMNS)]


@login_required
def reference(request: HttpRequest) -> HttpResponse:
    """Fetches and renders."""
    rows = fetch()
    SHAPE.rows = len(rows)
    assert SHAPE.template is not None, "fit() comes first"
    return HttpResponse(SHAPE.template.render(Context({"rows": _cells(rows), "user": request.user})))


def fit(cells: int, size_bytes: int, codes: tuple[str, ...], series: str, first: Any, end: Any) -> None:
    """Cut the reference to the measured page."""
    SHAPE.cells, SHAPE.codes, SHAPE.series, SHAPE.first, SHAPE.end = cells, codes, series, first, end
    SHAPE.template = Template(PAGE.replace("<!--FILL-->", ""))
    bare = len(SHAPE.template.render(Context({"rows": _cells(fetch())})).encode())
    SHAPE.template = Template(PAGE.replace("<!--FILL-->", "<p>" + "x" * max(0, size_bytes - bare) + "</p>"))
    SHAPE.size_bytes = size_bytes


urlpatterns = [path("reference/", reference), path("", include("shuangkong.project.urls"))]
