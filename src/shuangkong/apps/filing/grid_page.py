"""What the page of a filing shows beside its cells: what they are compared with, words of the periods, versions, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from shuangkong.apps.filing.checks.finder import rule_of
from shuangkong.apps.filing.models import Filing, Round
from shuangkong.apps.filing.selectors import filings_of
from shuangkong.core.forms import Form, changes

#: A change on the period before beyond this is coloured for the one who fills in. Only a hint: findings come from the checks.
JUMP = "filing.jump_percent"
_WORDS = {
    "month": (_("上月"), _("环比"), _("去年同月")),
    "quarter": (_("上季"), _("环比"), _("去年同季")),
    "ytd": (_("上期累计"), _("比上期"), _("去年同期")),
    "year": (_("上年"), _("同比"), _("上年")),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that is not what it was: its name and both values, empty where nothing was filled in."""

    address: str
    title: str
    before: str
    now: str


def beside(filing: Filing, told: Mapping[str, Any], rounds: Sequence[Round], versions: Sequence[Filing], user: Any) -> dict[str, Any]:
    """The rest of the grid's data. ``rounds`` and ``versions`` are the filing's own, oldest first."""
    words = _WORDS[filing.period_kind]
    return {
        **told, "jump": float(rule_of(filing)(JUMP)), "before": compared_with(told["editable"], rounds, versions, filing, user),
        "words": {"previous": str(words[0]), "change": str(words[1]), "yearAgo": str(words[2])},
        "rounds": [{"number": each.number, "at": each.submitted_at.isoformat()} for each in rounds],
    }  # fmt: skip


def compared_with(editable: bool, rounds: Sequence[Round], versions: Sequence[Filing], filing: Filing, user: Any) -> dict[str, str]:
    """The round before the one that is shown; for the first round of a correction, what stood before it."""
    earlier = rounds if editable else rounds[:-1]
    if earlier:
        return dict(earlier[-1].cells)
    before = [each for each in versions if each.version == filing.version - 1]
    if not before:
        return {}
    last = Round.objects.visible_to(user).filter(filing=before[0]).order_by("-number").first()
    return dict(last.cells) if last else {}


def versions_of(filing: Filing, user: Any) -> list[Filing]:
    """The filing and its corrections, oldest first."""
    same = {name: getattr(filing, name) for name in ("form_id", "subject_id", "period_kind", "period_start", "period_end")}
    return list(filings_of(user).filter(**same).order_by("version"))


def differences(form: Form, before: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    """The cells that differ, in words; none where there is nothing to compare with."""
    if not before:
        return []
    return [Difference(address, form.title_of(address), old or "", new or "") for address, (old, new) in changes(before, now).items()]
