"""The finder that ``settings.FILING_FINDERS`` names: the catalogue, as it is switched, over a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db.models import Q

from shuangkong.apps.filing.checks.gather import returned
from shuangkong.apps.filing.checks.switches import in_use
from shuangkong.apps.filing.models import Filing, Suppression
from shuangkong.apps.plans.services import current_rulebook
from shuangkong.core.checks import Finding, Outcome, run
from shuangkong.core.forms import Cells


def find(filing: Filing, cells: Cells) -> Iterable[Finding]:
    """What the checks find in the draft of a filing."""
    return outcome_of(filing, cells).findings


def outcome_of(filing: Filing, cells: Cells) -> Outcome:
    """Findings, and why the other checks say nothing."""
    serving = [check for check in in_use() if not check.group and check.serves(filing.form, filing.period_end - timedelta(days=1))]
    if not serving:
        return Outcome((), {})
    return run(serving, returned(filing, cells, {check.function for check in serving}), rule_of(filing), suppressed(filing))


def rule_of(filing: Filing) -> Callable[[str], str]:
    """Gives the value of a rule in the city on the last day of the period."""
    rules, on = current_rulebook(), filing.period_end - timedelta(days=1)
    return lambda rule: rules.at(rule, rules.default_region, on).value


def suppressed(filing: Filing) -> frozenset[str]:
    """The checks that are recorded as not to be applied to the subject's form in this period."""
    last = filing.period_end - timedelta(days=1)
    found = Suppression.objects.unscoped("which checks are suppressed for the respondent").filter(
        Q(ends_on=None) | Q(ends_on__gt=last), subject=filing.subject_id, form_id=filing.form_id, starts_on__lte=last
    )
    return frozenset(found.values_list("check_number", flat=True))
