"""What all values rest on besides the ledger: the rules known on the day, and the code that computes."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import shuangkong
from shuangkong.apps.energy.places import City
from shuangkong.apps.indicators.drafts import Figure
from shuangkong.apps.indicators.evidence import SeriesCell
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.digest import sm3_hex
from shuangkong.rulebook.loader import Rulebook

if TYPE_CHECKING:
    from shuangkong.apps.energy.intensity import Goal

#: The rooms whose code makes values.
_ROOMS = ("core", "rulebook", "apps/energy", "apps/indicators", "apps/ledger")


def common_ground(rulebook: Rulebook, known_on: date) -> str:
    """The SM3 of the rulebook, of which of its rows were published by the day, and of the code."""
    rows = (row for parameter in rulebook.parameters.values() for row in parameter.all_rows())
    published = sum(row.published_on <= known_on for row in rows)
    return sm3_hex(f"{rulebook.hash}|{published}|{code_sm3()}".encode())


@lru_cache(maxsize=1)
def code_sm3() -> str:
    """The SM3 of the source of everything that makes values: another program makes everything again."""
    root = Path(shuangkong.__file__).parent
    files = sorted(file for room in _ROOMS for file in (root / room).rglob("*.py"))
    return sm3_hex(b"\0".join(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() for file in files))


def cell_line(owner: int, cell: SeriesCell) -> str:
    """All that a computation reads of one figure of the ledger."""
    return f"{owner}|{cell.evidence}|{cell.demonstration}|{cell.remark}"


def subject_line(subject: Subject) -> str:
    """All that values say of a subject."""
    return f"{subject.id}|{subject.code}|{subject.name}"


def city_lines(city: City) -> list[str]:
    """Who belongs to a city."""
    return [subject_line(part) for part in (city.subject, *city.parts, *city.zones)]


def goal_line(year: int, goal: Goal) -> str:
    """All that progress reads of a target."""
    target = goal.target
    numbers = f"{target.number}|{target.incentive}|{sorted(target.yearly.items())}"
    return f"{year}|{target.pk}|{numbers}|{target.demonstration}|{goal.base_year}|{goal.years}"


def figure_line(code: str, basis: str, figure: Figure) -> str:
    """All that intensity reads of a total."""
    return f"{code}|{basis}|{figure!r}"
