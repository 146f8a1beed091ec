"""The checks that look at all returns of a form and period together: who has not filed, the rate, the counties against the city."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q

from shuangkong.apps.filing.checks.gather import figures_of
from shuangkong.apps.filing.checks.switches import in_use
from shuangkong.apps.filing.models import Obligation, Round
from shuangkong.apps.ledger.selectors import accepted
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.checks import Group, Outcome, run
from shuangkong.core.forms import Cells, Form, compute, periods_of
from shuangkong.core.periods import Period
from shuangkong.rulebook import forms

#: The checks that read the cells of every return; the others only ask who has filed.
_READS_CELLS = "children_against_whole"


def together(user: Any, form_id: str, period: Period) -> Outcome | None:
    """What the checks say of all returns of a form and period that the reader may see; None where the form has no such period."""
    known = forms.current()
    if form_id not in known.ids():
        return None
    form = known.of(form_id, period) if period in _periods(known.editions_of(form_id), period) else None
    if form is None:
        return None
    last = period.end - timedelta(days=1)
    serving = [check for check in in_use() if check.group and check.serves(form, last)]
    with_cells = any(check.function == _READS_CELLS for check in serving)
    rules = current_rulebook()
    of = Group(form, period, _expected(user, form, period), _filed(user, form, period, with_cells), _whole(user, form, period, with_cells))
    return run(serving, of, lambda rule: rules.at(rule, rules.default_region, last).value)


def _periods(editions: Any, period: Period) -> list[Period]:
    return [each for form in editions for each in periods_of(form, period.start.year)]


def _expected(user: Any, form: Form, period: Period) -> dict[str, str]:
    owing = Obligation.objects.visible_to(user).filter(
        Q(ends_on=None) | Q(ends_on__gt=period.start), form_id=form.id, starts_on__lt=period.end
    )
    return dict(owing.order_by("subject__position").values_list("subject__code", "subject__name"))


def _filed(user: Any, form: Form, period: Period, with_cells: bool) -> dict[str, Cells]:
    rounds = (
        Round.objects.visible_to(user)
        .filter(
            filing__form_id=form.id, filing__period_kind=period.kind, filing__period_start=period.start, filing__period_end=period.end
        )
        .exclude(outcome=Round.Outcome.RETURNED)
        .order_by("filing__version", "number")
    )
    if with_cells:
        return {code: compute(form, cells) for code, cells in rounds.values_list("filing__subject__code", "cells")}
    return {code: {} for code in rounds.values_list("filing__subject__code", flat=True)}


def _whole(user: Any, form: Form, period: Period, with_cells: bool) -> Cells | None:
    """The city's own figures, from the ledger, on the form of the counties."""
    if not with_cells:
        return None
    rows = accepted().visible_to(user).filter(
        subject__kind=Subject.Kind.CITY, period_kind=period.kind, period_start=period.start, period_end=period.end, quantity__isnull=False
    )
    figures = figures_of(form, rows)
    cells = {address: f"{figure:f}" for of_origin in figures.values() for address, figure in of_origin.items()}
    return compute(form, cells) if cells else None
