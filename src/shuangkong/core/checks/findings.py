"""What a check says: a question to the respondent, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Severity(StrEnum):
    """``blocks``: it cannot be submitted so; ``explain``: it needs an explanation; ``notice``: to be looked at."""

    BLOCKS = "blocks"
    EXPLAIN = "explain"
    NOTICE = "notice"


class Kind(StrEnum):
    """真准全: complete (全), accurate (准), true (真)."""

    COMPLETE = "complete"
    ACCURATE = "accurate"
    TRUE = "true"


@dataclass(frozen=True, slots=True)
class Saw:
    """What a check saw, in Chinese, and the cells where."""

    addresses: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: which check, how grave, where, what it ``saw``, why that is odd, and what would settle it."""

    check: str
    severity: Severity
    addresses: tuple[str, ...]
    saw: str
    why_odd: str
    settle: str


class NotApplicable(Exception):
    """The check says nothing here, and why: a cell is not filled in, the sample is too small."""


class Parameters(BaseModel):
    """Base of the parameters of a registered check: unknown keys are refused, and numbers are decimals or integers."""

    model_config = ConfigDict(extra="forbid", frozen=True)
