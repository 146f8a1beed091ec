"""Series by hand: a list of values, hour by hour, the last day of which is new."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from shuangkong.core.quality import REGISTERED, Hour, Saw, Series, model_of

CIVIL = timezone(timedelta(hours=8))
BEGIN = datetime(2026, 10, 1, tzinfo=CIVIL)


def decimals(values: Sequence[float | str | None]) -> list[Decimal | None]:
    return [None if value is None else Decimal(str(value)) for value in values]


def hours(values: Sequence[float | str | None], flags: Mapping[int, str] | None = None, **more: Any) -> tuple[Hour, ...]:
    marked = flags or {}
    return tuple(
        Hour(BEGIN + timedelta(hours=place), value, marked.get(place, "N"), **more) for place, value in enumerate(decimals(values))
    )


def series(values: Sequence[float | str | None], *, new: int = 24, flags: Mapping[int, str] | None = None, **more: Any) -> Series:
    """A series of which the last ``new`` hours are new; ``load`` and ``beside`` as numbers."""
    more["load"] = decimals(more.get("load", ()))
    more["beside"] = {code: decimals(other) for code, other in more.get("beside", {}).items()}
    for name in ("upper", "least", "most"):
        if name in more:
            more[name] = Decimal(str(more[name]))
    of = {"code": "w01018", "name": "化学需氧量", "unit": "毫克/升", "medium": "water", "role": "pollutant"} | more
    since = BEGIN + timedelta(hours=len(values) - new)
    return Series(hours=more.pop("hours", None) or hours(values, flags), since=since, **{k: v for k, v in of.items() if k != "hours"})


def saw(function: str, of: Series, **parameters: Any) -> list[Saw]:
    """What a registered function sees with these parameters."""
    return REGISTERED[function].function(of, model_of(function, parameters, lambda rule: rule))


def usual(count: int, level: float = 30.0, spread: float = 0.1, seed: int = 1, digits: int = 1) -> list[float]:
    """Values that scatter around a level."""
    chance = random.Random(seed)
    return [round(level * (1 + chance.gauss(0, spread)), digits) for _ in range(count)]
