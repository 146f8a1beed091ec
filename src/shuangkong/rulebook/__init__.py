"""Numbers and lists that a text prescribes, as dated YAML rows with their sources, and the one loader.

``current()`` is the rulebook of this process: the shipped rules, and what ``install()`` laid over them at start
(the rules of the installed city pack, and rows confirmed in the law library).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .lists import Term, Terms
from .loader import RecordingBook, Rulebook, pack_rule_folders
from .parameters import Answer, Parameter, Row
from .products import REFERENCE_SET, Product, Products

__all__ = [
    "REFERENCE_SET", "Answer", "Parameter", "Product", "Products", "RecordingBook", "Row", "Rulebook", "Term", "Terms",
    "current", "install", "pack_rule_folders",
]  # fmt: skip

_installed: list[Rulebook] = []


def install(extra_dirs: Iterable[Path | str] = (), extra_rows: Iterable[Mapping[str, Any]] = ()) -> Rulebook:
    """Loads the rulebook that :func:`current` gives from now on. The old one stays as it is for who still holds it.

    Raises:
        RulebookError: a file or row is broken; the old rulebook stays current.
    """
    rulebook = Rulebook.load(extra_dirs, extra_rows)
    _installed[:] = [rulebook]
    return rulebook


def current() -> Rulebook:
    """The rulebook of this process; the shipped rules alone where nothing was installed."""
    return _installed[0] if _installed else install()
