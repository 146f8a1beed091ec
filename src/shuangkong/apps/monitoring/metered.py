"""Meters as the series knows them: points, terms and what counts for whom. Two queries for meters, two for virtual ones."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from shuangkong.apps.monitoring.models import Meter, VirtualMeter
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core import metering
from shuangkong.core.errors import InputError
from shuangkong.series.energy import Entry
from shuangkong.series.steps import Metered

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registered:
    """What is registered: the meters, the product of each point, and what counts, keyed by unit, product and flow.

    An entry's ``entry`` is ``m`` or ``v`` with the id; its ``product`` holds the flow behind a bar, so that flows are never added up.
    """

    meters: list[Metered]
    products: dict[int, str]
    entries: list[Entry]


def registered(subjects: Iterable[int] | None = None) -> Registered:
    """The meters of all units, or of some; one that was closed counts for the time until then."""
    meters = Meter.objects.unscoped("accounts are made of every meter").all()
    virtual = VirtualMeter.objects.unscoped("accounts are made of every meter").all()
    if subjects is not None:
        chosen = list(subjects)
        meters, virtual = meters.filter(subject__in=chosen), virtual.filter(subject__in=chosen)
    found = list(meters.select_related("subject", "subject__county").prefetch_related("terms"))
    virtuals = list(virtual.select_related("subject", "subject__county").prefetch_related("parts__meter__terms"))
    entries = [_entry(f"m{meter.pk}", meter, ((meter.point, 1.0),), [meter]) for meter in found if meter.counted]
    for each in virtuals:
        parts = list(each.parts.all())
        if each.counted and parts:
            weights = tuple((part.meter.point, float(part.weight)) for part in parts)
            entries.append(_entry(f"v{each.pk}", each, weights, [part.meter for part in parts]))
    return Registered([each for meter in found if (each := _sound(meter))], {meter.point: meter.product for meter in found}, entries)


def _sound(meter: Meter) -> Metered | None:
    """The meter; None where its registration does not hold together. Its entry stays, so its unit is incomplete and no other unit waits."""
    try:
        return as_metered(meter)
    except InputError:
        log.exception("meter %s", meter.key)
        return None


def _entry(name: str, of: Any, points: tuple[tuple[int, float], ...], meters: Iterable[Meter]) -> Entry:
    """What counts, from the first term of any of its meters to the end of the last."""
    subject = of.subject
    county = subject.county.code if subject.county else ""
    terms = [term for meter in meters for term in meter.terms.all()]
    ends = [term.ends_at for term in terms]
    since: datetime | None = min((term.starts_at for term in terms), default=None)
    until = None if None in ends else max(ends, default=None)
    return Entry(name, f"{of.product}|{of.flow}", points, subject.code, subject.industry, county, since, until)


def as_metered(meter: Meter) -> Metered:
    """A meter with its terms as columns need it."""
    product = current_rulebook().products.get(meter.product)
    assert product is not None
    terms = tuple(
        metering.Term(term.starts_at, term.ends_at, term.multiplier, term.first_register, term.last_register) for term in meter.terms.all()
    )
    kind = metering.MeterKind(meter.kind)
    of = metering.Meter(kind, terms, meter.modulus, meter.largest_per_hour, timedelta(seconds=meter.interval_s))
    return Metered(meter.point, meter.reading, of, product.to_base(Decimal(1), meter.unit))
