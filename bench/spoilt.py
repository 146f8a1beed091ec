"""Ways in which a series is spoilt or made up: each changes an outlet from a place on and says which track, from when to when, which rules
should see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from bench.outlets import FIRST_WATCHED, HOURS, Outlet, Track


class Planted(NamedTuple):
    """What was planted: in which track, the places [first, last), and the rules of which one should see it."""

    code: str
    first: int
    last: int
    rules: tuple[str, ...]


def _running(track: Track, flow: Track | None, place: int) -> bool:
    value = track.values[place]
    return value is not None and track.flags[place] == "N" and place not in track.gone and (flow is None or _level(flow, place) > 0.15)


def _level(track: Track, place: int) -> float:
    """The value as a share of the largest of the track."""
    most = max(value for value in track.values if value is not None)
    return (track.values[place] or 0.0) / most if most else 0.0


def _flow(outlet: Outlet) -> Track | None:
    return outlet.tracks.get(outlet.load)


def _pollutants(outlet: Outlet) -> list[Track]:
    return [track for track in outlet.tracks.values() if track.role in ("pollutant", "meter") and track.code != "w01001"]


def _start(chance: Random, outlet: Outlet, track: Track, hours: int) -> int:
    """A place in the watched days at which the source runs, with room for so many hours."""
    places = [place for place in range(FIRST_WATCHED, HOURS - hours) if _running(track, _flow(outlet), place)]
    return chance.choice(places) if places else FIRST_WATCHED


def held(chance: Random, outlet: Outlet) -> Planted:
    """The value stops for 10 to 72 hours; everything else goes on."""
    track, hours = chance.choice(_pollutants(outlet)), chance.randint(10, 72)
    first = _start(chance, outlet, track, hours)
    for place in range(first, first + hours):
        track.values[place] = track.values[first]
    return Planted(track.code, first, first + hours, ("Q11", "Q12", "Q13", "Q28"))


def noise_on_a_constant(chance: Random, outlet: Outlet) -> Planted:
    """A fixed value with a little random on it, for two to four days."""
    track, hours = chance.choice(_pollutants(outlet)), chance.randint(48, 96)
    first = _start(chance, outlet, track, hours)
    level = track.values[first] or 1.0
    for place in range(first, first + hours):
        track.values[place] = level * (1 + chance.gauss(0, 0.004))
    return Planted(track.code, first, first + hours, ("Q11", "Q12", "Q13"))


def thinned(chance: Random, outlet: Outlet) -> Planted:
    """Air or clean water comes in: the value falls to 3 to 15 % for 4 to 48 hours."""
    track, hours = chance.choice(_pollutants(outlet)), chance.randint(4, 48)
    first, share = _start(chance, outlet, track, hours), chance.uniform(0.03, 0.15)
    for place in range(first, first + hours):
        value = track.values[place]
        track.values[place] = None if value is None else value * share
    return Planted(track.code, first, first + hours, ("Q14", "Q15"))


def copied(chance: Random, outlet: Outlet) -> Planted:
    """One or two days are those of up to three weeks before."""
    return _day_again(chance, outlet, 1.0)


def copied_and_scaled(chance: Random, outlet: Outlet) -> Planted:
    """The same, all values times one factor."""
    return _day_again(chance, outlet, chance.uniform(0.85, 1.15))


def _day_again(chance: Random, outlet: Outlet, factor: float) -> Planted:
    track, days = chance.choice(_pollutants(outlet)), chance.randint(1, 2)
    first, back = 24 * chance.randint(FIRST_WATCHED // 24, HOURS // 24 - days), 24 * chance.randint(2, 21)
    for place in range(first, first + 24 * days):
        value = track.values[place - back]
        track.values[place] = None if value is None else value * factor
        track.flags[place] = track.flags[place - back]
    return Planted(track.code, first, first + 24 * days, ("Q16",))


def capped(chance: Random, outlet: Outlet) -> Planted:
    """An outlet that exceeds its limit now and then: from some day on, what was over it stands just under it."""
    track = chance.choice([track for track in _pollutants(outlet) if track.upper] or _pollutants(outlet))
    first = FIRST_WATCHED - 24 * chance.randint(0, 3)
    limit = track.upper = _exceeded(track, chance.uniform(0.06, 0.25))
    for place in range(first, HOURS):
        value = track.values[place]
        if value is not None and track.flags[place] == "N" and value > 0.985 * limit:
            track.values[place] = limit * chance.uniform(0.92, 0.99)
    return Planted(track.code, first, HOURS, ("Q17",))


def flagged_after(chance: Random, outlet: Outlet) -> Planted:
    """After most exceedances the next hour is 维护, 故障 or 校准."""
    track = chance.choice([track for track in _pollutants(outlet) if track.upper] or _pollutants(outlet))
    limit = track.upper = _exceeded(track, chance.uniform(0.02, 0.06))
    first = FIRST_WATCHED - 24 * 10
    for place in range(first, HOURS - 1):
        value = track.values[place]
        if value is not None and track.flags[place] == "N" and value > limit and chance.random() < 0.8:
            track.flags[place + 1] = chance.choice("MDC")
    return Planted(track.code, first, HOURS, ("Q18",))


def _exceeded(track: Track, share: float) -> float:
    """A limit that this share of the track's normal values exceeds."""
    values = sorted(value for value, flag in zip(track.values, track.flags, strict=True) if value is not None and flag == "N" and value > 0)
    return values[min(int(len(values) * (1 - share)), len(values) - 1)]


def breathing_air(chance: Random, outlet: Outlet) -> Planted:
    """The probe is out: oxygen as in air for 3 to 12 hours while hot gas flows."""
    track, hours = outlet.tracks["a19001"], chance.randint(3, 12)
    first = _start(chance, outlet, track, hours)
    for place in range(first, first + hours):
        track.values[place] = 20.9 - chance.random() * 0.2
    return Planted(track.code, first, first + hours, ("Q27",))


def negative(chance: Random, outlet: Outlet) -> Planted:
    """A sign is lost for 3 to 12 hours."""
    track, hours = chance.choice(_pollutants(outlet)), chance.randint(3, 12)
    first = _start(chance, outlet, track, hours)
    for place in range(first, first + hours):
        value = track.values[place]
        track.values[place] = None if value is None else -abs(value) - 0.5
    return Planted(track.code, first, first + hours, ("Q21",))


def beyond_capacity(chance: Random, outlet: Outlet) -> Planted:
    """A wrong multiplier: flow or consumption ten times as large for 3 to 24 hours."""
    track = chance.choice([track for track in outlet.tracks.values() if track.most])
    hours = chance.randint(3, 24)
    first = _start(chance, outlet, track, hours)
    for place in range(first, first + hours):
        value = track.values[place]
        track.values[place] = None if value is None else value * 10
    return Planted(track.code, first, first + hours, ("Q22",))


def nitrogen_below_ammonia(chance: Random, outlet: Outlet) -> Planted:
    """Total nitrogen is made lower than the ammonia in it, for 4 to 24 hours."""
    track, part, hours = outlet.tracks["w21001"], outlet.tracks["w21003"], chance.randint(4, 24)
    first = _start(chance, outlet, track, hours)
    for place in range(first, first + hours):
        track.values[place] = (part.values[place] or 0.0) * 0.6
    return Planted(track.code, first, first + hours, ("Q26",))


def nothing_measured(chance: Random, outlet: Outlet) -> Planted:
    """Total phosphorus or another factor is exactly zero for 5 to 24 hours."""
    track, hours = chance.choice(_pollutants(outlet)), chance.randint(5, 24)
    first = _start(chance, outlet, track, hours)
    for place in range(first, first + hours):
        track.values[place] = 0.0
    return Planted(track.code, first, first + hours, ("Q28", "Q14", "Q15"))


class Way(NamedTuple):
    """A way of spoiling, and the kinds of outlets it can be done to."""

    spoil: Callable[[Random, Outlet], Planted]
    media: Sequence[str]


_ALL, _OUTLETS = ("gas", "water", "energy"), ("gas", "water")
WAYS: dict[str, Way] = {
    "value held": Way(held, _ALL),
    "noise on a constant": Way(noise_on_a_constant, _ALL),
    "thinned or bypassed": Way(thinned, _ALL),
    "day copied": Way(copied, _ALL),
    "day copied and scaled": Way(copied_and_scaled, _ALL),
    "capped at the limit": Way(capped, _OUTLETS),
    "flag after exceedance": Way(flagged_after, _OUTLETS),
    "probe in air": Way(breathing_air, ("gas",)),
    "negative": Way(negative, _ALL),
    "beyond capacity": Way(beyond_capacity, _ALL),
    "part above whole": Way(nitrogen_below_ammonia, ("water",)),
    "zero with flow": Way(nothing_measured, _ALL),
}
