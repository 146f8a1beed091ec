"""What a page may offer to a person now: the verbs of the table whose guards of people hold. The service asks every guard again."""

from __future__ import annotations

from typing import Any

from shuangkong.apps.desk.services import states
from shuangkong.apps.filing.models import Filing, Unlocking
from shuangkong.apps.filing.permissions import may_file, require_keeper, require_respondent, require_reviewer, reviews_at_all
from shuangkong.core.errors import InputError
from shuangkong.core.states import FILING


def offered(filing: Filing, user: Any) -> tuple[str, ...]:
    """Verbs for this person: those of the state machine, ``correct`` on what was accepted, ``ask_unlock`` on what is locked."""
    guards = {
        "respondent": lambda: require_respondent(filing, user),
        "complete": lambda: require_respondent(filing, user),
        "issuer": lambda: require_respondent(filing, user),
        "reviewer": lambda: _require_reviewer_or_keeper(filing, user),
        "level_below": lambda: require_reviewer(filing, user),
        "last_level": lambda: require_reviewer(filing, user),
        "second_person": lambda: _require_second(filing, user),
    }
    verbs = states.allowed(FILING, filing.state, guards)
    if filing.state == Filing.State.ACCEPTED and (may_file(filing, user) or reviews_at_all(filing, user)):
        verbs = (*verbs, "correct")
    if filing.state == Filing.State.LOCKED and _keeps(filing, user) and "unlock" not in verbs:
        verbs = (*verbs, "ask_unlock")
    return verbs


def _require_reviewer_or_keeper(filing: Filing, user: Any) -> None:
    if filing.state == Filing.State.ACCEPTED:
        require_keeper(filing, user)
    else:
        require_reviewer(filing, user)


def _keeps(filing: Filing, user: Any) -> bool:
    try:
        require_keeper(filing, user)
    except InputError:
        return False
    return True


def _require_second(filing: Filing, user: Any) -> None:
    require_keeper(filing, user)
    asked = Unlocking.objects.unscoped("the request about a filing that was read").filter(filing=filing, decided_at=None).first()
    if asked is None or asked.asked_by_id == user.pk:
        raise InputError("")
