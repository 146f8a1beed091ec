"""Filing a report: frozen with its proof, a new version with its differences when figures changed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.cockpit.models import Report
from shuangkong.apps.cockpit.situation.compose import compose
from shuangkong.apps.indicators.models import Run
from shuangkong.apps.organisations.models import Subject
from shuangkong.apps.plans.models import Plan
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.errors import InputError
from shuangkong.core.periods import Period


def seal(frozen: dict[str, Any]) -> str:
    """The SM3 of a frozen report."""
    return sm3_hex(canonical_json(frozen).encode())


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, str]]:
    """What changed between two frozen reports, figure by figure: label, old text, new text (empty where absent)."""
    old = {f["key"]: f for f in before.get("figures", [])}
    new = {f["key"]: f for f in after.get("figures", [])}
    changed = [key for key in {**old, **new} if old.get(key, {}).get("text") != new.get(key, {}).get("text")]
    return [
        {"label": (new.get(k) or old[k])["label"], "before": old.get(k, {}).get("text", ""), "after": new.get(k, {}).get("text", "")}
        for k in changed
    ]


@transaction.atomic
def file_report(user: Any, plan: Plan, subject: Subject, period: Period, today: date, origin: str = "") -> Report:
    """Freeze the report of ``subject`` for ``period`` as the current figures have it.

    Raises:
        InputError: nothing has changed since the last filed version, or nothing is known of the period.
    """
    frozen = compose(user, plan, subject, period, today)
    same = Report.objects.unscoped("versions of one report").filter(plan=plan, subject=subject, period_code=period.code)
    last = same.order_by("-version").first()
    if not frozen["figures"]:
        raise InputError(_("这一期还没有任何数，不能归档"), where=period.spoken, do=_("先导入能耗与地区生产总值"))
    if last and last.frozen["figures"] == frozen["figures"]:
        raise InputError(_("与第%(version)d版的数相同，没有再归档") % {"version": last.version}, where=last.title)
    version = (same.aggregate(last=Max("version"))["last"] or 0) + 1
    report = Report.objects.create(
        plan=plan,
        subject=subject,
        period_code=period.code,
        version=version,
        title=frozen["title"],
        run=Run.objects.filter(published_at__isnull=False).order_by("-published_at", "-id").first(),
        frozen=frozen,
        differences=differences(last.frozen, frozen) if last else [],
        sm3=seal(frozen),
        demonstration=settings.DEMONSTRATION,
        filed_by=user,
    )
    after = {"version": version, "sm3": report.sm3, "title": report.title}
    record(
        "cockpit.report.filed",
        report,
        actor=user,
        subject_id=subject.pk,
        before={"version": last.version} if last else {},
        after=after,
        origin=origin,
    )
    return report
