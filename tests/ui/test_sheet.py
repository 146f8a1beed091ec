"""The sheet in the browser reads, shows and adds up as the server does; undo, merging and rows keep what was typed."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shuangkong.apps.ui import charts
from shuangkong.core.errors import InputError
from shuangkong.core.forms import Basis, Column, Deadline, Form, Line, Table, canonical, compute

STATIC = Path(charts.__file__).parent / "static" / "ui"
QUANTITY = Column("q", "数", "t", decimals=4, signed=True)
SEED = 20_261_126


def run(expression: str, **given: Any) -> Any:
    """The value of a JavaScript ``expression`` with the sheet's files loaded and ``given`` at hand."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    imports = "".join(f"await import({json.dumps((STATIC / name).as_uri())});" for name in ("sheet_values.js", "sheet_store.js"))
    script = f"{imports} const given = JSON.parse(await new Response(process.stdin).text()); console.log(JSON.stringify({expression}));"
    done = subprocess.run(
        [node, "--input-type=module", "-e", script], input=json.dumps(given), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def read(texts: list[str], column: Column = QUANTITY) -> list[Any]:
    """What each text is taken for: the value, or the problem with the proposed fix."""
    got = run("given.texts.map((text) => skValues.read(text, given.column))", texts=texts, column=asdict(column))
    return [each.get("value", (each.get("problem"), each.get("fix"))) for each in got]


def form(tables: list[Table]) -> Form:
    """A form with these tables."""
    return Form(
        "made_up", "1", "表", date(2026, 1, 1), None, "month", "enterprise", ("city",), (), Deadline(10), "administrative",
        Basis("x", "", "design"), tuple(tables),
    )  # fmt: skip


def defined(made: Form) -> dict[str, Any]:
    """The definition as the page gets it."""
    return {"tables": [asdict(table) for table in made.tables]}


def random_form(dice: random.Random) -> Form:
    """Lines that sum earlier lines, some cells not applicable, columns of several kinds."""
    kinds = ("quantity", "integer", "ratio", "text")
    columns = tuple(Column(f"c{n}", f"列{n}", kind=dice.choice(kinds), decimals=3, signed=True) for n in range(5))
    lines: list[Line] = []
    for n in range(12):
        absent = tuple(column.key for column in columns if dice.random() < 0.15)
        parts = dice.sample([line.key for line in lines], min(len(lines), dice.randint(2, 4))) if n > 3 and dice.random() < 0.4 else []
        lines.append(Line(f"l{n}", f"行{n}", sum_of=tuple((key, dice.choice((1, 1, -1))) for key in parts), not_applicable=absent))
    dice.shuffle(lines)
    return form([Table("t", "表", "fixed", columns, tuple(lines)), Table("u", "续表", "repeating", columns)])


def random_cells(made: Form, dice: random.Random) -> dict[str, str]:
    """Cells of a form, some of them absent, some typed into sums, some zero."""
    cells = {}
    for table in made.tables:
        for line in table.lines or (Line("r1", "1"), Line("r2", "2")):
            for column in table.columns:
                if dice.random() < 0.85:
                    number = Decimal(dice.randint(-(10**9), 10**9)).scaleb(-dice.randint(0, 6)) if dice.random() > 0.1 else Decimal(0)
                    cells[f"{table.key}.{line.key}.{column.key}"] = format(number, "f") if column.is_number else "字"
    return cells


def test_sums_are_those_of_the_server() -> None:
    dice = random.Random(SEED)
    cases = [(made := random_form(dice), random_cells(made, dice)) for _ in range(60)]
    given = [{"form": defined(made), "cells": cells} for made, cells in cases]
    got = run("given.cases.map(({ form, cells }) => skValues.compute(form, cells))", cases=given)
    assert got == [compute(made, cells) for made, cells in cases]
    assert sum(len(done) != len(cells) for done, (_made, cells) in zip(got, cases, strict=True)) > 30


def test_what_people_type_and_paste_is_read() -> None:
    meant = {
        "１，２３４．５": "1234.5", "1,234,567.80": "1234567.8", " 1 234.5 ": "1234.5", "(1,200)": "-1200", "\u22123.05": "-3.05",
        "－3": "-3", "1.2E+05": "120000", "1.5e-3": "0.0015", "12 t": "12", "12T": "12",
        "0": "0", "0.00": "0", "+7": "7", ".5": "0.5", "": "",
    }  # fmt: skip
    assert read(list(meant)) == list(meant.values())
    assert read(["12.5%", "12.5"], Column("r", "率", kind="ratio", decimals=6)) == ["0.125", "12.5"]
    assert read(["12.5%"], Column("r", "率", unit="%", kind="ratio")) == ["12.5"]
    dates = ["2026/7/2", "2026年7月22日", "20260722", "2024-2-29"]
    assert read(dates, Column("d", "日", kind="date")) == ["2026-07-02", "2026-07-22", "2026-07-22", "2024-02-29"]
    assert read([" 甲 ", "<b>"], Column("k", "类", kind="choice", choices=("甲", "<b>"))) == ["甲", "<b>"]


def test_what_cannot_be_read_says_why_and_what_was_probably_meant() -> None:
    got = read(["-", "无", "约12", "12,5", "3%", "1.23456", "12 kg"])
    assert [fix for _why, fix in got] == [None, None, "12", "125", "3", "1.2346", "12"]
    assert "0" in got[0][0] and "单位是t" in got[2][0]
    assert read(["-5"], Column("q", "数")) == [("这一项不会小于零，请核对正负号", "5")]
    assert read(["1.5"], Column("n", "数", kind="integer"))[0][1] == "2"
    days = read(["2026-02-30", "1/2/26"], Column("d", "日", kind="date"))
    assert [why for why, _fix in days] == ["没有这一天", "不是日期，请写成 2025-07-22"]
    assert read(["1" * 16])[0][1] is None


def test_the_server_takes_what_the_browser_read() -> None:
    """Whatever the browser takes for a number is the same number to the server, and what is beyond its bounds is refused by both."""
    dice = random.Random(SEED)
    column = Column("q", "数", decimals=3)
    texts = [f"{dice.randint(-5, 10 ** dice.randint(1, 17)):,}{dice.choice(['', '.5', '.125', '.00010', '.0'])}" for _ in range(200)]
    for text, got in zip(texts, read(texts, column), strict=True):
        plain = text.replace(",", "")
        if isinstance(got, str):
            assert canonical(column, plain) == got
        else:
            with pytest.raises(InputError):
                canonical(column, plain)


def test_numbers_are_shown_grouped_and_never_rounded() -> None:
    shown = "given.texts.map((text) => skValues.show(text, given.column))"
    assert run(shown, texts=["1234567", "-0.5", "1.23456", ""], column=asdict(QUANTITY)) == ["1,234,567.00", "−0.50", "1.23456", ""]
    assert run(shown, texts=["1234"], column=asdict(Column("n", "数", kind="integer"))) == ["1,234"]
    changes = '[["142","100"],["99.95","100"],["100","100"],["5","0"],["-5","-10"],[undefined,"3"]].map((pair) => skValues.change(...pair))'
    assert run(changes) == ["+42.0%", "−0.1%", "0.0%", "—", "+50.0%", "—"]


def test_a_wrong_unit_is_guessed_from_the_period_before() -> None:
    pairs = [["12345", "12.4"], ["0.0124", "124"], ["130", "100"], ["5", "0"], ["1240000", "124"]]
    assert run("given.pairs.map((pair) => skValues.slip(...pair) ?? null)", pairs=pairs) == ["12.345", "124", None, None, "124"]


def test_a_block_of_a_spreadsheet_is_taken_apart() -> None:
    block = 'a\tb\r\n"x\ny"\t"q""q"\r\n'
    assert run("skValues.grid(given.block)", block=block) == [["a", "b"], ["x\ny", 'q"q']]
    assert run("[skValues.grid('7'), skValues.grid('1\\t\\n\\t2')]") == [[["7"]], [["1", ""], ["", "2"]]]
    assert run("['a\\tb', 'q\"', 'x'].map(skValues.quote)") == ['"a\tb"', '"q"""', "x"]
    assert run("[0, 25, 26, 701, 702].map(skValues.letter)") == ["A", "Z", "AA", "ZZ", "AAA"]


SMALL = form([
    Table("t", "表", "fixed", (QUANTITY,), (Line("a", "甲"), Line("b", "乙"), Line("s", "合计", sum_of=(("a", 1), ("b", 1))))),
    Table("u", "续表", "repeating", (Column("name", "名", kind="text"), QUANTITY)),
])  # fmt: skip


def store(script: str, cells: dict[str, str]) -> Any:
    """What ``script`` returns of a store that holds ``cells``."""
    made = "new skStore.Store({ form: given.form, cells: given.cells, revision: 3 })"
    return run(f"((store) => {{ {script} }})({made})", form=defined(SMALL), cells=cells)


def test_undo_takes_back_a_whole_paste_with_the_rows_it_made() -> None:
    script = """
      const grown = store.grow(store.form.tables[1], 3);
      const told = store.enter({ "u.r1.name": "锅炉", "u.r3.q": "x", "t.a.q": "2", "t.s.q": "9" }, grown);
      const after = [store.typed(), store.rows.u, store.all["t.s.q"] ?? null];
      store.undo();
      const back = [store.typed(), store.rows.u];
      store.redo();
      return [told, after, back, store.typed()];"""
    told, after, back, again = store(script, {"t.b.q": "1"})
    assert told == {"taken": 2, "left": 1, "unread": 1}
    assert after == [{"t.b.q": "1", "u.r1.name": "锅炉", "u.r3.q": "x", "t.a.q": "2"}, 3, "3"]
    assert back == [{"t.b.q": "1"}, 1]
    assert again == after[0]


def test_a_row_that_is_removed_moves_the_others_up() -> None:
    cells = {"u.r1.name": "甲", "u.r2.name": "乙", "u.r3.name": "丙", "u.r3.q": "3"}
    script = "store.removeRow(store.form.tables[1], 2); const now = [store.typed(), store.rows.u]; store.undo();"
    now, undone = store(script + "return [now, store.typed()];", cells)
    assert now == [{"u.r1.name": "甲", "u.r2.name": "丙", "u.r2.q": "3"}, 2]
    assert undone == cells


def test_two_who_edit_at_once_are_merged_and_asked_only_about_the_same_cell() -> None:
    script = """
      store.enter({ "t.a.q": "5", "u.r1.name": "我" });
      const asked = store.meet({ cells: { "t.a.q": "7", "t.b.q": "9" }, revision: 8 });
      return [asked, store.typed(), store.changes(), store.revision];"""
    asked, typed, changes, revision = store(script, {"t.a.q": "1", "t.b.q": "2"})
    assert asked == [{"at": "t.a.q", "mine": "5", "theirs": "7"}]
    assert typed == {"t.a.q": "5", "t.b.q": "9", "u.r1.name": "我"}
    assert changes == {"t.a.q": "5", "u.r1.name": "我"} and revision == 8


def test_the_copy_of_this_browser_is_laid_over_what_the_server_holds() -> None:
    script = """
      store.enter({ "t.a.q": "5", "t.b.q": "约3" });
      const copy = JSON.parse(JSON.stringify(store.copy()));
      const later = new skStore.Store({ form: given.form, cells: { "t.a.q": "1", "u.r2.q": "4" }, revision: 4 });
      return [later.restore(copy), later.typed(), later.changes(), later.problems["t.b.q"].fix];"""
    asked, typed, changes, fix = store(script, {"t.a.q": "1"})
    assert asked == [] and fix == "3"
    assert typed == {"t.a.q": "5", "t.b.q": "约3", "u.r2.q": "4"}
    assert changes == {"t.a.q": "5", "t.b.q": "约3"}
