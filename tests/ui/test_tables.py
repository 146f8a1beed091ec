"""Paging, sort and filters live in the address; an address that asks for nonsense gets the plain table."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from shuangkong.apps.ui import navigation, tables
from shuangkong.apps.ui.tables import Column

COLUMNS = [Column("名", "name"), Column("数", "number", numeric=True, hide="m"), Column("注")]
KEYS = {"name": lambda row: row.name, "number": lambda row: row.number}
ROWS = [SimpleNamespace(name=n, number=x) for n, x in (("乙", 2), ("甲", None), ("丙", 10))]


def asked(query: str, size: int = 50) -> tables.Table:
    return tables.table(RequestFactory().get(f"/x/?{query}"), ROWS, COLUMNS, size=size, keys=KEYS)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("", [2, None, 10]), ("sort=number", [2, 10, None]), ("sort=-number", [10, 2, None]), ("sort=password", [2, None, 10])],
)
def test_a_list_is_sorted_as_asked_and_what_has_no_number_stands_last(query: str, numbers: list[int | None]) -> None:
    assert [row.number for row in asked(query).page] == numbers


def test_a_heading_turns_the_order_and_keeps_the_rest_of_the_address() -> None:
    heading = asked("sort=number&plan=cz-14&page=2").headings[1]
    assert heading.sorted == "ascending"
    assert heading.address == "?plan=cz-14&sort=-number"
    assert heading.column.css == "r hide-m"
    assert asked("").headings[2].address == ""


def test_pages_have_addresses_and_a_wrong_one_shows_the_nearest() -> None:
    table = asked("page=2&plan=x", size=1)
    assert table.previous_address == "?plan=x&page=1"
    assert table.next_address == "?plan=x&page=3"
    assert [n for n, _ in table.numbers] == [1, 2, 3]
    assert asked("page=99", size=1).page.number == 3
    assert asked("page=nonsense", size=1).page.number == 1


def test_chips_take_one_filter_out() -> None:
    chips = tables.chips(QueryDict("plan=cz-14&period=2025Q3&page=4"), [("plan", "方案期", "“十四五”"), ("county", "县", "")])
    assert [(chip.word, chip.value, chip.address) for chip in chips] == [("方案期", "“十四五”", "?period=2025Q3")]


def test_an_address_is_quoted() -> None:
    assert tables.changed(QueryDict(""), q="甲&乙=1") == "?q=%E7%94%B2%26%E4%B9%99%3D1"


def test_the_rail_has_five_groups_of_at_most_six() -> None:
    assert len(navigation.RAIL) == 5
    assert all(1 <= len(group.entries) <= 6 for group in navigation.RAIL)


def test_the_rail_marks_the_longest_match_and_hides_what_is_not_there() -> None:
    links = {link.address: link for _word, links in navigation.rail(navigation.best_match("/counties/431002/"), "city") for link in links}
    assert links["/counties/"].current
    assert not links["/"].current
    assert all(navigation.exists(address.lstrip("/")) for address in links)
    assert not navigation.exists("no-such-page/")
