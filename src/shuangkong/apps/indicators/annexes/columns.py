"""The columns of the annex tables as officials write them: the published forms, as data."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("columns.csv")
#: The forms that this platform writes and reads, by annex: name in the address → the form's title in the data.
FORMS = {
    1: {"": "重点行动目标任务分解表"},
    2: {
        "": "各县市区能耗强度降低目标（基本/激励双目标）", "simple": "各县市区能耗强度降低目标（简式）",
        "absolute": "各县市区能耗强度降低目标（绝对值式）",
    },
    3: {"": "各县市区主要污染物重点工程减排量（十四五）"},
    4: {"": "主要行业节能指标"},
}  # fmt: skip


class PublishedForm(NamedTuple):
    """One form of an annex: its columns, where they were seen and how sure that is."""

    annex: int
    title: str
    columns: tuple[str, ...]
    basis: str
    evidence: str


@cache
def published() -> dict[tuple[int, str], PublishedForm]:
    """Every form by annex and title."""
    with _FILE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    forms = [PublishedForm(int(r["annex"]), r["form"], tuple(r["columns"].split("｜")), r["basis"], r["evidence"]) for r in rows]
    return {(form.annex, form.title): form for form in forms}


def columns_of(annex: int, form: str = "") -> tuple[str, ...]:
    """The columns of a form that this platform writes; an unknown form is the usual one."""
    of = FORMS[annex]
    return published()[annex, of.get(form, of[""])].columns
