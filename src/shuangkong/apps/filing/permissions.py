"""Who may file and who may review at a level: the guards of the state machine that are about people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from shuangkong.apps.filing.models import ADMINISTRATIVE, REVIEWING_ROLES, Filing
from shuangkong.apps.organisations.models import Subject, User
from shuangkong.core.errors import InputError

Guard = Callable[[], None]


def may_file(filing: Filing, user: Any) -> bool:
    """Whether the person answers for the figures: the respondent's own people; for what is issued, the issuing bureau's."""
    if not user.is_active:
        return False
    if filing.respondent == "department":
        return _in_departments(filing, user)
    return user.role in {User.Role.ENTERPRISE, User.Role.COUNTY} and user.subject_id == filing.subject_id


def may_review(filing: Filing, user: Any, level: str = "") -> bool:
    """Whether the person reviews the filing at ``level`` (by default where it lies)."""
    level = level or filing.level
    if not user.is_active or not level or may_file(filing, user):
        return False
    if level == "county":
        return (
            user.role == User.Role.COUNTY
            and user.subject_id is not None
            and user.subject.kind == Subject.Kind.COUNTY
            and filing.use == ADMINISTRATIVE
            and filing.subject_id in user.own_subject_ids
        )
    return _in_departments(filing, user)


def _in_departments(filing: Filing, user: Any) -> bool:
    return bool(user.role in REVIEWING_ROLES and user.department_id and f"|{user.department.code}|" in filing.departments)


def reviews_at_all(filing: Filing, user: Any) -> bool:
    """Whether the person reviews it at any of its levels."""
    return any(may_review(filing, user, level) for level in filing.form.review)


def require_respondent(filing: Filing, user: Any) -> None:
    """The guard ``respondent``.

    Raises:
        InputError: somebody else's form.
    """
    if not may_file(filing, user):
        raise InputError(_("不是您的报表"), where=str(filing), why=_("只有{name}的填报人可以填写和提交").format(name=filing.subject))


def require_reviewer(filing: Filing, user: Any, level: str = "") -> None:
    """The guard ``reviewer``.

    Raises:
        InputError: the person does not review here.
    """
    if not may_review(filing, user, level):
        raise InputError(
            _("不在您的审核范围"), where=str(filing), why=_("这张报表现在由{level}审核").format(level=level_words(level or filing.level))
        )


def require_keeper(filing: Filing, user: Any) -> None:
    """The guard of locking and unlocking: the last level; of what is issued, the issuing bureau.

    Raises:
        InputError: the person is neither.
    """
    levels = filing.form.review
    if levels:
        require_reviewer(filing, user, levels[-1])
    else:
        require_respondent(filing, user)


def level_words(level: str) -> str:
    """A level in words."""
    return {"county": _("县市区"), "city": _("市级主管部门")}.get(level, _("填报单位"))
