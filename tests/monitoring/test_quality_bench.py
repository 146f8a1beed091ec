"""The table in docs/quality.md cannot rot: a few seeds, measured again with loose bounds, and a page that holds every rule and way."""

from __future__ import annotations

import random
import re

import pytest

from bench import quality_detection as measuring
from bench.outlets import CLEAN, FIRST_WATCHED, HOURS
from bench.spoilt import WAYS
from shuangkong.rulebook.quality import quality_rules

SEEDS = (1001, 1002, 1003)


@pytest.fixture(scope="module")
def total() -> measuring.Tally:
    found = measuring.Tally()
    for seed in SEEDS:
        found.add(measuring.measured(seed, clean=1, of_each_way=1))
    return found


def test_honest_points_are_seldom_asked(total: measuring.Tally) -> None:
    assert total.days > 600
    assert total.rate < 12


def test_most_of_what_was_planted_is_found_and_what_cannot_be_always(total: measuring.Tally) -> None:
    assert set(total.planted) == set(WAYS)
    assert total.found.total() >= 0.45 * total.planted.total()
    assert total.found["negative"] + total.found["beyond capacity"] >= 5


@pytest.mark.parametrize("name", WAYS)
def test_each_way_changes_the_track_that_it_names_where_it_says(name: str) -> None:
    chance = random.Random(7)
    kind = WAYS[name].media[0]
    outlet = CLEAN[kind](chance)
    before = {code: (list(track.values), list(track.flags)) for code, track in outlet.tracks.items()}
    planted = WAYS[name].spoil(chance, outlet)
    assert FIRST_WATCHED - 24 * 10 <= planted.first < planted.last <= HOURS
    known = {rule.number for rule in quality_rules()}
    assert set(planted.rules) <= known
    for code, track in outlet.tracks.items():
        values, flags = before[code]
        inside = range(planted.first, planted.last)
        changed = [place for place in range(HOURS) if track.values[place] != values[place] or track.flags[place] != flags[place]]
        assert (code == planted.code) or changed == []
        assert all(place in inside for place in changed)
    changed = outlet.tracks[planted.code]
    assert (changed.values, changed.flags) != before[planted.code]


def test_clean_outlets_are_the_same_for_the_same_seed_and_rest_hold_and_check() -> None:
    for make in CLEAN.values():
        one, two = make(random.Random(5)), make(random.Random(5))
        assert {code: track.values for code, track in one.tracks.items()} == {code: track.values for code, track in two.tracks.items()}
    flags = {flag for seed in range(4) for track in CLEAN["gas"](random.Random(seed)).tracks.values() for flag in track.flags}
    assert {"N", "C", "M", "F"} <= flags


def test_the_page_holds_what_was_measured() -> None:
    page = measuring.PAGE.read_text(encoding="utf-8")
    measured = page.split(measuring.BEGIN_MARK)[1].split(measuring.END_MARK)[0]
    seeds = re.search(r"Seeds, drawn when this table was made: ([\d, ]+)\.", measured)
    assert seeds is not None
    assert len(seeds.group(1).split(",")) == measuring.SEEDS
    for rule in quality_rules():
        assert (f"| {rule.number} | {rule.title} |" in measured) is (rule.number not in measuring.MEASURES)
    assert all(f"| {name} |" in measured for name in WAYS)
