"""A few rounds of the fuzz harness; ``make torture`` runs it for an hour."""

import random

import pytest

from bench.fuzz_hj212 import round_of


@pytest.mark.parametrize("seed", range(25))
def test_a_round(seed):
    assert round_of(random.Random(seed)) > 0
