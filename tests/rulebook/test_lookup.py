"""Which row answers: day, place, what was known, and what a lower place may do."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuangkong.core.errors import InputError, NotInForce, RulebookError
from shuangkong.rulebook import Rulebook
from shuangkong.rulebook.lookup import find
from shuangkong.rulebook.parameters import Local, Parameter, Row, Shape, Source

Load = Callable[..., Rulebook]
ROW = {"checked_on": "2020-01-01", "evidence": "text", "source": {"number": "文一", "locator": "一"}}


def row(name: str, start: str, end: str = "", value: str = "1", published: str = "", **more: str) -> dict[str, Any]:
    published = published or start
    return {
        **ROW,
        "row": name,
        "applies_from": start,
        "applies_to": end,
        "value": value,
        "published_on": published,
        "entered_on": published,
        **more,
    }


def written(rows: list[dict[str, Any]]) -> str:
    return "".join(f"      - {{{', '.join(f'{key}: {_value(value)}' for key, value in row.items() if value)}}}\n" for row in rows)


def _value(value: Any) -> str:
    return "{number: 文一, locator: 一}" if isinstance(value, dict) else f'"{value}"'


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(local: str, national: list[dict[str, Any]], extra: str = "", **places: list[dict[str, Any]]) -> Rulebook:
        head = f"parameters:\n  p:\n    title: 甲\n    unit: t\n    local: {local}\n{extra}"
        for place, rows in {"cn": national, **places}.items():
            folder = tmp_path / place.replace("_", "-")
            folder.mkdir()
            start = head if place == "cn" else "parameters:\n  p:\n"
            body = f"    rows:\n{written(rows)}" if rows else ""
            (folder / "x.yaml").write_text(start + body, encoding="utf-8")
        (tmp_path / "places.yaml").write_text("{region: '431000', zones: {CZ-HITECH: '4310'}}", encoding="utf-8")
        return Rulebook.load_from([tmp_path])

    return load


def test_the_day_before_the_day_and_the_day_after_a_change(load: Load) -> None:
    book = load("forbidden", [row("a", "2008-06-01", "2021-04-01", "0.0857"), row("b", "2021-04-01", value="0.2571")]).book("cn")
    assert book.at("x.p", "cn", date(2021, 3, 31)).value == "0.0857"
    assert book.at("x.p", "cn", date(2021, 4, 1)).number == Decimal("0.2571")
    assert book.at("x.p", "cn", date(2026, 1, 1)).value == "0.2571"
    with pytest.raises(NotInForce) as caught:
        book.at("x.p", "cn", date(2008, 5, 31))
    assert caught.value.nearest == ("a（2008-06-01 至 2021-04-01（不含），0.0857 t）", "b（2021-04-01 起，0.2571 t）")


def test_a_lapsed_row_never_runs_on(load: Load) -> None:
    book = load("forbidden", [row("a", "2020-01-01", "2021-01-01")]).book("cn")
    with pytest.raises(NotInForce, match="在 2021-01-01 没有可用的规定"):
        book.at("x.p", "cn", date(2021, 1, 1))


def test_known_on_hides_what_was_published_later(load: Load) -> None:
    rows = [row("a", "2020-01-01"), row("b", "2020-01-01", value="2", published="2022-05-01", supersedes="a")]
    rulebook = load("forbidden", rows)
    on = date(2021, 1, 1)
    assert rulebook.at("x.p", "cn", on).row.row == "b"
    assert rulebook.at("x.p", "cn", on, date(2022, 4, 30)).row.row == "a"
    assert rulebook.at("x.p", "cn", on, date(2022, 5, 1)).row.row == "b"
    with pytest.raises(NotInForce, match="截至 2019-12-31 已发布的"):
        rulebook.at("x.p", "cn", on, date(2019, 12, 31))
    assert rulebook.book("cn", date(2022, 4, 30)).at("x.p", "cn", on).row.row == "a"


def test_replaces_takes_the_nearest_place(load: Load) -> None:
    national = [row("n", "2020-01-01", value="1")]
    rulebook = load("replaces", national, cn_43=[row("h", "2020-01-01", value="2")], cn_4310=[row("c", "2021-01-01", value="3")])
    assert [rulebook.at("x.p", place, date(2022, 1, 1)).value for place in ("cn", "51", "430000", "431000", "431021")] == [
        "1",
        "1",
        "2",
        "3",
        "3",
    ]
    before = rulebook.at("x.p", "4310", date(2020, 6, 1))
    assert (before.value, before.row.warning) == ("2", "")


def test_replaces_that_lapsed_gives_the_higher_row_with_a_warning(load: Load) -> None:
    rulebook = load("replaces", [row("n", "2020-01-01")], cn_43=[row("h", "2020-01-01", "2021-01-01", "2")])
    assert rulebook.at("x.p", "4310", date(2020, 12, 31)).row.warning == ""
    answer = rulebook.at("x.p", "4310", date(2021, 1, 1))
    assert answer.value == "1"
    assert answer.row.warning == "43 的行“h”已于 2021-01-01 失效，改用上级的行“n”"


def test_required_is_not_answered_from_above_and_lapses_loudly(load: Load) -> None:
    rulebook = load(
        "required", [row("n", "2020-01-01")], cn_43=[row("h", "2020-01-01", value="2")], cn_4310=[row("c", "2020-01-01", "2021-01-01", "3")]
    )
    assert rulebook.at("x.p", "cn", date(2022, 1, 1)).value == "1"
    assert rulebook.at("x.p", "4301", date(2022, 1, 1)).value == "2"
    assert rulebook.at("x.p", "431021", date(2020, 6, 1)).value == "3"
    with pytest.raises(NotInForce, match="c（2020-01-01 至 2021-01-01"):
        rulebook.at("x.p", "4310", date(2021, 1, 1))
    with pytest.raises(NotInForce, match="该地没有登记任何一行"):
        rulebook.at("x.p", "51", date(2022, 1, 1))


@pytest.mark.parametrize(("local", "value"), [("may_only_raise", "1.5"), ("may_only_lower", "0.5")])
def test_a_lower_place_may_go_one_way(load: Load, local: str, value: str) -> None:
    rulebook = load(local, [row("n", "2020-01-01")], cn_43=[row("h", "2020-01-01", value=value)])
    assert rulebook.at("x.p", "4310", date(2021, 1, 1)).value == value
    assert rulebook.at("x.p", "44", date(2021, 1, 1)).value == "1"


def test_a_declared_gap_is_no_fault_and_no_answer(load: Load) -> None:
    rulebook = load(
        "forbidden",
        [row("a", "2020-01-01", "2021-01-01"), row("b", "2022-01-01", value="2")],
        extra="    gaps: [{from: 2021-01-01, to: 2022-01-01, why: 未见}]\n",
    )
    with pytest.raises(NotInForce):
        rulebook.at("x.p", "cn", date(2021, 6, 1))
    assert rulebook.at("x.p", "cn", date(2022, 1, 1)).value == "2"


def test_places_resolve(load: Load) -> None:
    rulebook = load("replaces", [row("n", "2020-01-01")], cn_4310=[row("c", "2020-01-01", value="3")])
    assert rulebook.default_region == "4310"
    assert rulebook.book().region == "4310"
    assert rulebook.at("x.p", "CZ-HITECH", date(2021, 1, 1)).value == "3"
    for wrong in ("4", "43100", "CZ-OTHER", "郴州", ""):
        with pytest.raises(InputError, match="不认识地区"):
            rulebook.at("x.p", wrong, date(2021, 1, 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [("{town: x}", "不认识的键“town”"), ("{zones: [1]}", "zones 应是"), ("{region: 郴州}", "地区不是"), ("{zones: {Z: '9'}}", "地区不是")],
)
def test_a_broken_places_file(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "places.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RulebookError, match=words):
        Rulebook.load_from([tmp_path])


def test_a_provincial_parameter_says_nothing_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "cn-43").mkdir()
    head = "parameters:\n  p:\n    title: 甲\n    unit: t\n    local: replaces\n    rows:\n"
    (tmp_path / "cn-43" / "x.yaml").write_text(head + written([row("h", "2020-01-01")]), encoding="utf-8")
    rulebook = Rulebook.load_from([tmp_path])
    assert rulebook.at("x.p", "4310", date(2021, 1, 1)).value == "1"
    with pytest.raises(NotInForce, match="地区 44"):
        rulebook.at("x.p", "44", date(2021, 1, 1))


def test_a_confirmed_row_verifies_a_recalled_one() -> None:
    shipped = Rulebook.load().at("energy.coefficient.raw_coal", "cn", date(2025, 1, 1)).row
    assert (shipped.row, shipped.recalled) == ("gbt2589-2020", True)
    verified = {
        **ROW,
        "parameter": "energy.coefficient.raw_coal",
        "region": "cn",
        "row": "gbt2589-2020-verified",
        "value": "0.7143",
        "applies_from": "2021-04-01",
        "published_on": "2020-09-29",
        "entered_on": "2026-11-25",
        "supersedes": "gbt2589-2020",
    }
    answer = Rulebook.load(extra_rows=[verified]).at("energy.coefficient.raw_coal", "4310", date(2025, 1, 1))
    assert (answer.row.row, answer.row.recalled, answer.row.demonstration) == ("gbt2589-2020-verified", False, False)


def test_an_unknown_parameter(load: Load) -> None:
    with pytest.raises(InputError, match=r"规则库没有参数“x\.q”"):
        load("replaces", [row("n", "2020-01-01")]).at("x.q", "cn", date(2021, 1, 1))


def test_the_book_records_each_row_once_in_order(load: Load) -> None:
    rulebook = load("replaces", [row("a", "2020-01-01", "2021-01-01"), row("b", "2021-01-01", value="2")])
    book = rulebook.book("43")
    for day in (date(2021, 5, 1), date(2020, 5, 1), date(2021, 6, 1)):
        book.at("x.p", "43", day)
    assert [used.row for used in book.used] == ["b", "a"]
    assert rulebook.book("43").used == ()


def test_answers_are_cached_and_the_cache_is_bounded(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shuangkong.rulebook.loader._CACHED_ANSWERS", 2)
    rulebook = load("replaces", [row("n", "2020-01-01")])
    days = [date(2021, 1, 1) + timedelta(days) for days in range(5)]
    first = rulebook.at("x.p", "43", days[0])
    assert rulebook.at("x.p", "43", days[0]) is first
    for day in days:
        rulebook.at("x.p", "43", day)
    assert len(rulebook._answers) <= 2


def test_extra_rows_are_laid_over_the_files() -> None:
    row = {
        "parameter": "energy.electricity_equivalent",
        "region": "4310",
        "row": "4310-2025",
        "applies_from": date(2025, 1, 1),
        "applies_to": "2026-01-01",
        "published_on": "2025-01-01",
        "entered_on": "2025-02-01",
        "checked_on": "2025-02-01",
        "value": "0.2980",
        "source": {"number": "郴统〔2025〕1号", "locator": "附表", "issuer": "市统计局"},
        "evidence": "text",
    }
    bare, laid = Rulebook.load(), Rulebook.load(extra_rows=[row])
    answer = laid.at("energy.electricity_equivalent", "431021", date(2025, 6, 30))
    assert (answer.value, answer.row.source) == ("0.2980", "市统计局 郴统〔2025〕1号 附表")
    assert bare.hash != laid.hash
    national = Rulebook.load(extra_rows=[{**row, "region": "cn"}])
    assert national.at("energy.electricity_equivalent", "cn", date(2025, 6, 30)).value == "0.2980"


STARTS = st.lists(st.dates(date(2000, 1, 1), date(2030, 1, 1)), min_size=1, max_size=6, unique=True)


@given(STARTS, st.dates(date(1999, 1, 1), date(2031, 1, 1)))
def test_exactly_one_row_answers_each_day_from_the_first(starts: list[date], on: date) -> None:
    starts.sort()
    ends: list[date | None] = [*starts[1:], None]
    rows = tuple(
        Row(str(i), "cn", start, end, start, start, str(i), Source("文一", "一"), "text", start)
        for i, (start, end) in enumerate(zip(starts, ends, strict=True))
    )
    parameter = Parameter("p", "甲", "t", Local.REPLACES, Shape.NUMBER, "cn", "x", {"cn": rows}, {})
    if on < starts[0]:
        with pytest.raises(NotInForce):
            find(parameter, "43", on, None)
    else:
        assert find(parameter, "43", on, None).number == sum(start <= on for start in starts) - 1
