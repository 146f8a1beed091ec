"""How a benchmark measures and says what it found: always a ratio to a reference of the same run, never seconds."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

REPETITIONS = 10


class Result(NamedTuple):
    """One ratio and its limit; ``at_least`` turns the limit round."""

    name: str
    ratio: float
    allowed: float
    at_least: bool = False
    note: str = ""

    @property
    def good(self) -> bool:
        """Whether the ratio keeps its limit."""
        return self.ratio >= self.allowed if self.at_least else self.ratio <= self.allowed


def seconds(work: Callable[[], object]) -> float:
    """Time of one run, the collector's debts paid before."""
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def ratio(ours: Callable[[], object], reference: Callable[[], object], repetitions: int = REPETITIONS) -> float:
    """The median of ours to that of the reference, run in turns so that the machine's moods hit both."""
    pairs = [(seconds(ours), seconds(reference)) for _ in range(repetitions)]
    return statistics.median(pair[0] for pair in pairs) / statistics.median(pair[1] for pair in pairs)
