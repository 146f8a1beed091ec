"""What stands beside a draft when it is checked: at most six queries, whatever the form and however long the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import timedelta
from decimal import Decimal

from django.db.models import QuerySet

from shuangkong.apps.filing.models import Filing, Round
from shuangkong.apps.ledger.selectors import accepted
from shuangkong.core.checks import Limit, Return
from shuangkong.core.errors import InputError
from shuangkong.core.forms import Cells, Form, period_before
from shuangkong.core.periods import Period
from shuangkong.core.quantities import unit_of
from shuangkong.rulebook.limits import energy_limits

#: Earlier periods that a check may look at, and comparable subjects.
PAST_PERIODS = 60
PEERS = 200
#: The unit of the limits that filed products are compared with.
_LIMIT_UNIT = "kgce/t"


def returned(filing: Filing, cells: Cells, functions: Set[str]) -> Return:
    """The draft as the checks see it; what none of the registered ``functions`` looks at is not read."""
    form, period = filing.form, filing.period
    past = _past(filing)
    by_period = dict(past)
    before = period_before(form, period)
    others = _others(filing) if functions & {"against_metered", "against_issued", "narrow_pass"} else {}
    return Return(
        form, filing.subject.code, period, cells, by_period.get(before) if before else None, by_period.get(period.year_before()), past,
        _peers(filing) if "unit_peers" in functions else (), others.get("metered", {}), others.get("issued", {}),
        _limits(form, cells, period), _before_return(filing),
    )  # fmt: skip


def _past(filing: Filing) -> list[tuple[Period, Cells]]:
    """The respondent's own earlier returns, oldest first: of each period the newest that was not sent back."""
    rounds = (
        Round.objects.unscoped("the respondent's own earlier returns, beside its draft")
        .filter(
            filing__form_id=filing.form_id, filing__subject=filing.subject_id, filing__period_kind=filing.period_kind,
            filing__period_end__lt=filing.period_end,
        )
        .exclude(outcome=Round.Outcome.RETURNED)
        .order_by("-filing__period_end", "-filing__version", "-number")
        .values_list("filing__period_start", "filing__period_end", "filing__period_kind", "cells")[: 2 * PAST_PERIODS]
    )  # fmt: skip
    newest: dict[Period, Cells] = {}
    for start, end, kind, cells in rounds:
        newest.setdefault(Period(start, end, kind), cells)
    return sorted(newest.items(), key=lambda pair: pair[0].end)[-PAST_PERIODS:]


def _peers(filing: Filing) -> list[Cells]:
    """The same form and period of other subjects of the same industry. Only their median is ever told, and only of many."""
    if not filing.subject.industry:
        return []
    rounds = (
        Round.objects.unscoped("the median of comparable subjects")
        .filter(
            filing__form_id=filing.form_id, filing__period_kind=filing.period_kind, filing__period_end=filing.period_end,
            filing__period_start=filing.period_start, filing__subject__industry=filing.subject.industry,
        )
        .exclude(filing__subject=filing.subject_id)
        .exclude(outcome=Round.Outcome.RETURNED)
        .order_by("filing__subject_id", "-filing__version", "-number")
        .values_list("filing__subject_id", "cells")[: 2 * PEERS]
    )  # fmt: skip
    newest: dict[int, Cells] = {}
    for subject_id, cells in rounds:
        newest.setdefault(subject_id, cells)
    return list(newest.values())[:PEERS]


def _others(filing: Filing) -> dict[str, dict[str, Decimal]]:
    """What others metered or issued of the same subject and period."""
    rows = accepted().unscoped("metered and issued figures of the respondent, beside its own draft").filter(
        subject=filing.subject_id, period_kind=filing.period_kind, period_start=filing.period_start, period_end=filing.period_end,
        origin__in=["metered", "issued"], quantity__isnull=False,
    )  # fmt: skip
    return figures_of(filing.form, rows)


def figures_of(form: Form, rows: QuerySet) -> dict[str, dict[str, Decimal]]:
    """Ledger rows where their cells stand on a form: origin → address → figure in the unit of the cell. One query, or none."""
    addresses: dict[tuple[str, ...], list[str]] = {}
    for address, posting in form.goes_to.items():
        addresses.setdefault((posting.measure, posting.product, posting.flow, posting.industry), []).append(address)
    found: dict[str, dict[str, Decimal]] = {}
    if not addresses:
        return found
    for origin, *what, quantity in rows.values_list("origin", "measure", "product", "flow", "industry", "quantity"):
        for address in addresses.get(tuple(what), ()):
            figure = _in_unit(form, address, quantity)
            if figure is not None:
                found.setdefault(origin, {})[address] = figure
    return found


def _in_unit(form: Form, address: str, base: Decimal) -> Decimal | None:
    place = form.place(address)
    try:
        return base / unit_of(place[0].unit(place[1], place[2]))[1] if place else None
    except InputError:
        return None


def _limits(form: Form, cells: Cells, period: Period) -> Mapping[str, Limit]:
    """The limits of the products that the return names in its repeating tables."""
    named = {cells[address] for address in cells if (place := form.place(address)) and place[2].key == "product"}
    return dict(_found_limits(named, period))


def _found_limits(products: Iterable[str], period: Period) -> Iterable[tuple[str, Limit]]:
    for product in products:
        row = energy_limits().of(product, _LIMIT_UNIT, period.end - timedelta(days=1))
        if row is not None:
            yield product, row.limit


def _before_return(filing: Filing) -> Cells | None:
    """The cells of the round that was sent back last, where one was."""
    if filing.round == 0:
        return None
    rounds = Round.objects.unscoped("the respondent's own round that was sent back").filter(
        filing=filing.pk, outcome=Round.Outcome.RETURNED
    )
    return rounds.order_by("-number").values_list("cells", flat=True).first()
