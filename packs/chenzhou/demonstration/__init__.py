"""Demonstration data of Chenzhou, 2020 to the third quarter of 2026: invented, seeded, the same on every machine.

What is published (:mod:`.economy`) is kept to; everything else is made up to tell a story: some counties are on schedule, some behind,
two rise in the newest quarter, one is late, one month of electricity is missing, years are revised, one county files less than is issued.
"""

from __future__ import annotations

from collections.abc import Sequence

from shuangkong.project.packs.demonstration import Demonstration

from .annexes import annexes
from .connections import connections
from .economy import County, Economy, read_counties
from .energy import target_energy
from .filings import Story, filings
from .measures import measures
from .reference import people, plans, targets
from .returns import duties, firm_subjects, returns
from .shares import inputs, readings
from .units import unit_filings

SEED = 20261124


def generate(counties: Sequence[County] | None = None, seed: int = SEED) -> Demonstration:
    """Everything invented; ``counties`` other than the pack's own serve benchmarks."""
    own = counties is None
    counties = read_counties() if counties is None else list(counties)
    economy = Economy(counties, seed)
    story = Story(counties, economy, target_energy(counties, economy, seed), seed)
    made = Demonstration(people(), firm_subjects(), plans(), targets(counties), measures=measures(counties))
    made.filings = [*filings(story), *readings(counties, seed)]
    made.inputs = inputs(counties, seed)
    made.annexes = annexes(counties) if own else []
    if own:
        codes = [county.code for county in counties]
        made.duties, made.returns = duties(codes), returns(made.filings, codes, seed)
        made.filings += unit_filings(seed)
        made.connections = connections()
    return made
