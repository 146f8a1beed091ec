"""The data set of the cockpit and account benchmarks: 11 counties, 2 zones, 6 years and more, monthly electricity, 20 products; or 110.

It is the demonstration of Chenzhou by its own generator. With more counties, each further one is like one of the eleven and as large
as a part of it, so that the city stays the city.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

PACK = Path(__file__).resolve().parents[1] / "packs" / "chenzhou"
FIRST_EXTRA_CODE = 431_101


@dataclass(frozen=True, slots=True)
class Dataset:
    """What was loaded: a person of the city who sees all, and how many rows the ledger took."""

    user: Any
    rows: int
    counties: int


def bench_counties(generator: Any, counties: int) -> list[Any]:
    """The pack's eleven, and below each the ones that are like it; ``counties`` is a multiple of eleven."""
    eleven = generator.read_counties()
    times = counties // len(eleven)
    if times * len(eleven) != counties:
        raise ValueError(f"{counties} is no multiple of {len(eleven)}")
    own = [replace(county, gdp_share=county.gdp_share / times) for county in eleven]
    extra = [replace(own[i % len(own)], code=str(FIRST_EXTRA_CODE + i), like=own[i % len(own)].code) for i in range(counties - len(own))]
    return own + extra


def _subject(code: str) -> dict[str, Any]:
    return {"kind": "county", "code": code, "name": f"演示县{code}", "parent": "431000", "position": int(code), "demonstration": True}


def bench_dataset(counties: int = 11, *, now: datetime) -> Dataset:
    """Load the data set into the database that Django is set up for, which must be empty and the demonstration's.

    Computing the accounts is the caller's next step (``energy.services.recompute``).
    """
    from shuangkong.apps.organisations.models import User
    from shuangkong.apps.organisations.services import put_subjects
    from shuangkong.apps.plans.services import put_plans
    from shuangkong.project.packs.demonstration import generator_of, load_filings, load_people
    from shuangkong.project.packs.loading import load_pack, put_targets

    pack = load_pack(PACK, now=now).pack
    generator = generator_of(pack)
    listed = bench_counties(generator, counties)
    put_subjects([_subject(county.code) for county in listed if county.like], origin="bench")
    invented = generator.generate(listed)
    load_people([person for person in invented.people if person.username == "fagai"])
    put_plans(invented.plans, origin="bench")
    put_targets(invented.targets, origin="bench")
    change = load_filings(invented.filings, pack, now=now)
    return Dataset(User.objects.get(username="fagai"), change.created, counties)
