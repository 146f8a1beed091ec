"""Entering the published holidays: a day that differs, or that a year is entered whole. What hangs on deadlines is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk import workdays
from shuangkong.apps.desk.models import Workday, WorkdayYear
from shuangkong.core.errors import InputError

#: A notice names some dozen days.
DAYS_MAX = 120


def may_enter(user: Any) -> bool:
    """The city's people and administrators."""
    return bool(user.sees_all or user.role == "administrator")


def enter(days: Iterable[date], works: bool, document: str, actor: Any) -> int:
    """Enters days on which one works (调休上班) or not (放假), by the document of the notice; answers how many.

    Raises:
        InputError: nobody's to enter, no document, no day or too many.
    """
    listed = sorted(set(days))
    _check(actor, document)
    if not 0 < len(listed) <= DAYS_MAX:
        raise InputError(_("日期的个数不对"), why=_("一次 1 至 {n} 天").format(n=DAYS_MAX), do=_("分几次录入"))
    with transaction.atomic():
        for day in listed:
            Workday.objects.update_or_create(day=day, defaults={"works": works, "document": document[:120], "entered_by": actor})
        after = {"days": [day.isoformat() for day in listed], "works": works, "document": document[:120]}
        record("desk.workdays.entered", Workday, actor=actor, after=after)
        _changed()
    return len(listed)


def complete(year: int, document: str, actor: Any) -> None:
    """Says that the published holidays of a year are entered whole: its deadlines are no longer marked.

    Raises:
        InputError: nobody's to enter, no document.
    """
    _check(actor, document)
    with transaction.atomic():
        WorkdayYear.objects.update_or_create(year=year, defaults={"document": document[:120], "entered_by": actor})
        record("desk.workdays.completed", WorkdayYear, actor=actor, after={"year": year, "document": document[:120]})
        _changed()


def remove(day: date, actor: Any) -> bool:
    """Takes an entered day back; whether there was one."""
    _check(actor, "-")
    with transaction.atomic():
        removed = Workday.objects.filter(pk=day).delete()[0] == 1
        if removed:
            record("desk.workdays.removed", Workday, actor=actor, before={"days": [day.isoformat()]})
            _changed()
    return removed


def _check(actor: Any, document: str) -> None:
    if not may_enter(actor):
        raise InputError(_("不能改工作日历"), why=_("由市级主管和系统管理员录入"))
    if not document.strip():
        raise InputError(_("没有填文件"), do=_("填节假日安排通知的文号，如 国办发明电〔2026〕1号"))


def _changed() -> None:
    workdays.forget()
    for name in settings.AFTER_WORKDAYS:
        import_string(name)()
