"""The one explicit list of calculators; one thin module per domain. :mod:`.runner` runs them."""

from __future__ import annotations

from shuangkong.core.errors import InputError

from . import assessment_basis, carbon, energy, telemetry, warning
from .definition import Calculator

#: Every calculator in the order in which they are shown.
CALCULATORS: tuple[Calculator, ...] = (
    *energy.CALCULATORS,
    *assessment_basis.CALCULATORS,
    *warning.CALCULATORS,
    *carbon.CALCULATORS,
    *telemetry.CALCULATORS,
)

_BY_ID = {calculator.id: calculator for calculator in CALCULATORS}


def get(id: str) -> Calculator:
    """The calculator with that id.

    Raises:
        InputError: there is none.
    """
    if id not in _BY_ID:
        raise InputError(f"没有计算器“{id}”", where="ID", why="不在计算器清单中", do="用 shuangkong calc list 查看")
    return _BY_ID[id]
