"""Server-side tables: paging, sort and filters live in the address; the table is a list of columns and a page of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, QueryDict

#: Rows on a page unless the page says otherwise.
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, the ``order`` it sorts by (none: cannot be sorted), whether numbers stand in it, and on which
    screens it drops out (``hide="m"`` phone, ``hide="s"`` also small desktops)."""

    word: object
    order: str = ""
    numeric: bool = False
    unit: object = ""
    hide: str = ""

    @property
    def css(self) -> str:
        """Classes of its heading and cells."""
        names = (("r" if self.numeric else ""), {"m": "hide-m", "s": "hide-m hide-s"}.get(self.hide, ""))
        return " ".join(name for name in names if name)


class Heading(NamedTuple):
    """A column as the page shows it: the link that sorts by it, and how it is sorted now (ascending, descending, none)."""

    column: Column
    address: str
    sorted: str


class Chip(NamedTuple):
    """An active filter: what it filters, its value in words, and the address without it."""

    word: object
    value: object
    address: str


@dataclass(frozen=True, slots=True)
class Table:
    """A page of rows with what the partials ``table.html`` and ``pager.html`` need."""

    headings: list[Heading]
    page: Page
    query: QueryDict

    @property
    def previous_address(self) -> str:
        """The address of the page before, empty on the first."""
        return changed(self.query, page=self.page.number - 1) if self.page.has_previous() else ""

    @property
    def next_address(self) -> str:
        """The address of the page after, empty on the last."""
        return changed(self.query, page=self.page.number + 1) if self.page.has_next() else ""

    @property
    def numbers(self) -> list[tuple[int | str, str]]:
        """Page numbers with their addresses; … where some are left out."""
        pages = self.page.paginator.get_elided_page_range(self.page.number, on_each_side=2, on_ends=1)
        return [(n, changed(self.query, page=n) if isinstance(n, int) else "") for n in pages]


def changed(query: QueryDict, **changes: object) -> str:
    """The address of this page with parameters changed; None or an empty text takes one out."""
    kept = [(key, value) for key, values in query.lists() if key not in changes for value in values]
    return f"?{urlencode([*kept, *((key, value) for key, value in changes.items() if value not in (None, ''))])}"


#: What a list is sorted by: the key of a row, None where it has none (those stand last either way).
Keys = Mapping[str, Callable[[Any], Any]]


def table(
    request: HttpRequest, rows: Any, columns: Sequence[Column], default: str = "", size: int = PAGE_SIZE, keys: Keys | None = None
) -> Table:
    """The asked page of ``rows``, sorted as the address asks: a query set by its fields, a list by ``keys`` (order → key of a row).

    Only orders of ``columns`` are taken; anything else falls back to ``default``. Without an order rows stand as they came.
    """
    order = _order(request.GET.get("sort", ""), columns, default)
    paginator = Paginator(_sorted(rows, order, keys or {}), size)
    return Table(_headings(request.GET, columns, order), paginator.get_page(request.GET.get("page")), request.GET)


def _order(asked: str, columns: Sequence[Column], default: str) -> str:
    return asked if asked.lstrip("-") in {c.order for c in columns if c.order} else default


def _sorted(rows: Any, order: str, keys: Keys) -> Any:
    if not order:
        return rows
    name = order.lstrip("-")
    if name not in keys:
        return rows.order_by(order, "pk")
    known = [(key, row) for row in rows if (key := keys[name](row)) is not None]
    absent = [row for row in rows if keys[name](row) is None]
    known.sort(key=lambda pair: pair[0], reverse=order.startswith("-"))
    return [*(row for _key, row in known), *absent]


def _headings(query: QueryDict, columns: Sequence[Column], order: str) -> list[Heading]:
    kept = changed(query, sort=None, page=None)
    start = f"{kept}&sort=" if kept != "?" else "?sort="
    headings = []
    for column in columns:
        now = {column.order: "ascending", f"-{column.order}": "descending"}.get(order, "") if column.order else ""
        turned = f"-{column.order}" if now == "ascending" else column.order
        headings.append(Heading(column, start + quote_plus(turned) if column.order else "", now))
    return headings


def chips(query: QueryDict, filters: Sequence[tuple[str, object, object]]) -> list[Chip]:
    """Chips for the filters that are set: (parameter, word, value in words); one without value is left out."""
    return [Chip(word, value, changed(query, **{key: None, "page": None})) for key, word, value in filters if value]
