"""The lists of the standard: systems, commands, results, flags, fields, factors.  Data stand in ``data/``."""

from __future__ import annotations

import csv
import json
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

EDITIONS = (2005, 2017, 2025)


class Factor(NamedTuple):
    """A monitored factor: code, Chinese name, code of 2005, units of value and of mass, digits by edition."""

    code: str
    name: str
    code_2005: str
    unit: str
    emission_unit: str
    type_2017: str
    type_2025: str

    def digits(self, edition: int) -> tuple[int, int] | None:
        """Digits before and after the point that the edition allows; None when the standard gives no type."""
        written = self.type_2025 if edition >= 2025 and self.type_2025 else self.type_2017
        return read_type(written) if written else None


class Command(NamedTuple):
    """A command: what it means, the roles of the message from host to field and back, the first edition that has it."""

    code: str
    name: str
    from_host: str
    from_field: str
    since: int


def read_type(written: str) -> tuple[int, int]:
    """``N5.2`` → (5, 2); ``N4`` → (4, 0)."""
    whole, _, decimals = written[1:].partition(".")
    return int(whole), int(decimals or 0)


def _text(name: str) -> str:
    return resources.files(__package__).joinpath("data", name).read_text("utf-8")


@cache
def standard() -> dict[str, Any]:
    """All lists that are not the factor table."""
    loaded: dict[str, Any] = json.loads(_text("standard.json"))
    return loaded


@cache
def factors() -> dict[str, Factor]:
    """The factor table by code of 2017."""
    rows = csv.reader(_text("factors.csv").splitlines()[1:])
    return {row[0]: Factor(*row) for row in rows}


@cache
def factors_2005() -> dict[str, Factor]:
    """The factor table by code of 2005."""
    return {factor.code_2005: factor for factor in factors().values() if factor.code_2005}


@cache
def commands() -> dict[str, Command]:
    """The commands by code."""
    return {code: Command(code, *row) for code, row in standard()["commands"].items()}


@cache
def flags() -> dict[str, str]:
    """Data flags of all editions."""
    return {**standard()["flags"], **standard()["flags_since_2025"]}
