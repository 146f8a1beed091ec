"""Whether a place is exempt from the assessment of its total energy because it met its incentive target (激励目标)."""

from __future__ import annotations

from shuangkong.apps.energy.intensity import Goal, last_day
from shuangkong.apps.indicators.drafts import Drafts, Figure
from shuangkong.apps.organisations.models import Subject
from shuangkong.core.assessment import total_control_exempt
from shuangkong.core.digest import canonical_json
from shuangkong.core.energy import Basis
from shuangkong.core.errors import NotInForce
from shuangkong.core.figures import Status
from shuangkong.core.periods import Period
from shuangkong.rulebook.loader import RecordingBook

CODE = "total_control_exemption"
_WORDS = {True: "总量免考：已完成激励目标", False: "总量不免考：未完成激励目标"}


def write_exemption(
    drafts: Drafts, book: RecordingBook, region: str, lens: str, goal: Goal | None, subject: Subject, span: Period, decline: Figure
) -> None:  # fmt: skip
    """The label at the end of ``span``, by the rule in force on its last day; nothing where no incentive target is set."""
    if goal is None or goal.target.incentive is None:
        return
    used = book.rulebook.book(book.region, book.known_on)
    known = decline.value if decline.usable else None
    try:
        exempt = total_control_exempt(known, goal.target.incentive, used, region, last_day(span))
    except NotInForce:
        return
    words = "" if exempt is None else _WORDS[exempt]
    inputs = [
        {"label": "激励目标", "target": goal.target.pk, "number": str(goal.target.incentive), "incentive": True},
        {"label": "比基年降低率", "key": decline.key},
    ]  # fmt: skip
    drafts.add(
        CODE, subject, span, None, basis=Basis.EQUIVALENT.value, lens=lens, treatment=decline.treatment, calculation="total.exemption",
        words=words, status=decline.status if exempt is not None else Status.INCOMPLETE, inputs=canonical_json(inputs),
        demonstration=decline.demonstration or goal.target.demonstration, recalled=decline.recalled, lacks=decline.lacks,
        sentence="；".join(decline.lacks) if exempt is None else "", rule_set_id=drafts.rule_sets.id_of(used.used),
    )  # fmt: skip
