"""Limits of energy use per unit of product (单位产品能耗限额), from the national standards, as a list of rows.

A limit is looked up by the product as a respondent writes it: by the whole name, or by its first word where only one row has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from shuangkong.core.checks import Limit
from shuangkong.core.errors import RulebookError

from .lists import squeezed
from .yaml_text import read

SHIPPED = Path(__file__).parent / "limits" / "energy_limits.yaml"
_KEYS = {"standard", "product", "unit", "level_1", "level_2", "level_3", "locator", "evidence", "note", "applies_from"}
_NEEDED = ("standard", "product", "unit", "level_3", "locator", "evidence")
_EVIDENCE = {"text": "", "recalled": "，待核实"}


@dataclass(frozen=True, slots=True)
class EnergyLimit:
    """One row: the limit value (level 3) and, where stated, the two better levels."""

    standard: str
    product: str
    unit: str
    level_3: Decimal
    locator: str
    evidence: str
    level_1: Decimal | None = None
    level_2: Decimal | None = None
    note: str = ""
    applies_from: date | None = None

    @property
    def limit(self) -> Limit:
        """As a check takes it."""
        return Limit(self.product, self.level_3, self.unit, f"{self.standard} {self.locator}{_EVIDENCE[self.evidence]}")


class EnergyLimits:
    """All rows, found by product and unit."""

    def __init__(self, rows: Iterable[EnergyLimit]) -> None:
        self.rows = tuple(rows)

    @classmethod
    def load(cls, path: Path = SHIPPED) -> EnergyLimits:
        """The rows of a file.

        Raises:
            RulebookError: naming the file, the product and what is wrong.
        """
        rows = read(path, path.name).get("limits")
        if not isinstance(rows, list):
            raise RulebookError("limits 应是一列", where=path.name)
        found = [_row(row, path.name) for row in rows]
        if len({(row.product, row.unit) for row in found}) < len(found):
            raise RulebookError("同一产品和单位写了两次", where=path.name)
        return cls(found)

    def of(self, product: str, unit: str, on: date) -> EnergyLimit | None:
        """The limit of a product on a day; None where no row, or more than one, fits."""
        name = squeezed(product)
        rows = [row for row in self.rows if row.unit == unit and (row.applies_from is None or row.applies_from <= on)]
        whole = [row for row in rows if squeezed(row.product) == name]
        first = whole or [row for row in rows if squeezed(re.split(r"[ (（]", row.product)[0]) == name]
        return first[0] if len(first) == 1 else None


def _row(stated: Any, file: str) -> EnergyLimit:
    if not isinstance(stated, Mapping):
        raise RulebookError("每一行应是键值", where=file)
    where = f"{file} {stated.get('product', '')}"
    if missing := [key for key in _NEEDED if not stated.get(key)]:
        raise RulebookError(f"缺少 {missing[0]}", where=where)
    if unknown := sorted(set(stated) - _KEYS):
        raise RulebookError(f"不认识的键“{unknown[0]}”", where=where)
    if stated["evidence"] not in _EVIDENCE:
        raise RulebookError(f"evidence 不能是“{stated['evidence']}”", where=where, why=f"只能是 {'、'.join(_EVIDENCE)}")
    try:
        level_1, level_2, level_3 = (Decimal(stated[key]) if key in stated else None for key in ("level_1", "level_2", "level_3"))
        begins = date.fromisoformat(stated["applies_from"]) if "applies_from" in stated else None
    except (InvalidOperation, ValueError):
        raise RulebookError("限额不是数，或日期不是日期", where=where) from None
    return EnergyLimit(
        stated["standard"], stated["product"], stated["unit"], level_3 or Decimal(0), stated["locator"], stated["evidence"],
        level_1, level_2, stated.get("note", ""), begins,
    )  # fmt: skip


@lru_cache(maxsize=1)
def energy_limits() -> EnergyLimits:
    """The shipped rows."""
    return EnergyLimits.load()
