"""Sharing out an intensity target: the public call, from regions to rounded and checked rates, against the bare solver.

The reference is the interior-point solver Clarabel, called directly on the matrices of the same task: no modelling layer, no
scores, no rounding. A run first makes sure that both find the same rates.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bench.results import Result, ratio
from shuangkong.core.decomposition import FREE, Bounds, RateRegion, decompose_rate

LIMIT = 3.0
CALLS = 20
SIZES = (11, 110)
TARGET, YEARS, STEP, FLOOR = Decimal(15), 5, Decimal("0.1"), Decimal("0.25")
WEIGHTS = {"intensity": Decimal("0.4"), "industry": Decimal("0.2"), "potential": Decimal("0.2"), "growth": Decimal("0.2")}


def regions(size: int) -> list[RateRegion]:
    """A made-up city; every third county has bounds."""
    chance = random.Random(size)
    return [
        RateRegion(
            str(number), f"县{number}", Decimal(chance.randint(10**5, 3 * 10**6)), Decimal(chance.randint(10**6, 4 * 10**6)),
            Decimal(chance.randint(30, 90)) / 10,
            {"industry": Decimal(chance.randint(20, 70)), "potential": Decimal(chance.randint(1, 12))},
            Bounds(Decimal(8), Decimal(20)) if number % 3 == 0 else FREE,
        )
        for number in range(size)
    ]  # fmt: skip


def bare(of: list[RateRegion]) -> Callable[[], Any]:
    """The solver on the matrices of the task, which are made once."""
    import clarabel
    import numpy as np
    from scipy import sparse

    found = decompose_rate(TARGET, YEARS, of, WEIGHTS, FLOOR, STEP)
    grown = [float(region.base_amount * (1 + region.annual_growth_percent / 100) ** YEARS) for region in of]
    a = np.array(grown) / sum(grown)
    c = np.array([float(share.score) for share in found.shares])
    lower = np.array([float(region.bounds.lower or 0) for region in of])
    upper = np.array([float(region.bounds.upper or Decimal("99.9")) for region in of])
    quadratic = sparse.diags(2 * a / c).tocsc()
    rows = sparse.vstack([sparse.csc_matrix(-a), -sparse.eye(len(of)), sparse.eye(len(of))]).tocsc()
    limits = np.concatenate([[-float(found.equal_percent)], -lower, upper])
    cones, nothing = [clarabel.NonnegativeConeT(2 * len(of) + 1)], np.zeros(len(of))
    settings = clarabel.DefaultSettings()
    settings.verbose = False

    def solve() -> Any:
        return clarabel.DefaultSolver(quadratic, nothing, rows, limits, cones, settings).solve()

    apart = max(abs(x - float(share.exact)) for x, share in zip(solve().x, found.shares, strict=True))
    if apart > 1e-3:
        raise RuntimeError(f"the solver and the public call differ by {apart} percentage points: they do not solve the same task")
    return solve


def run() -> list[Result]:
    """One ratio for 11 regions and one for 110."""
    results = []
    for size in SIZES:
        city = regions(size)
        solve = bare(city)
        found = ratio(
            lambda city=city: [decompose_rate(TARGET, YEARS, city, WEIGHTS, FLOOR, STEP) for _ in range(CALLS)],
            lambda solve=solve: [solve() for _ in range(CALLS)],
        )
        results.append(Result(f"decomposition over {size} regions / bare solver", found, LIMIT))
    return results
