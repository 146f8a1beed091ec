"""Documents behind a batch, and the confirmation of what a county states: deductions count only after the city has seen their evidence.

A county's own rows are ``reported``; the assessment rests on issued ones. Confirming writes the same figures as issued, by another
person, with the document of the decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from shuangkong.apps.audit.services import record
from shuangkong.apps.desk.services import files, jobs
from shuangkong.apps.ledger.imports.deduction import KIND
from shuangkong.apps.ledger.loading import Consignment, Places, as_new
from shuangkong.apps.ledger.models import Batch, Evidence, Row
from shuangkong.apps.ledger.posting import post
from shuangkong.apps.plans.services import RECOMPUTE
from shuangkong.core.errors import InputError

CONFIRMED = "deduction.confirmed"
#: What may be attached, by the ending of its name.
TYPES = {
    ".pdf": "application/pdf", ".ofd": "application/ofd", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".xlsx": files.XLSX, ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip


def may_attach(user: Any, batch: Batch) -> bool:
    """Whoever brought the batch, and the city's people."""
    return bool(user.sees_all or batch.owner_id == user.pk)


def may_confirm(user: Any, batch: Batch) -> bool:
    """The city's people, of what a county stated to be deducted."""
    return bool(user.sees_all and batch.kind == KIND.id and batch.accepted and batch.owner_id != user.pk)


def attach(batch: Batch, name: str, chunks: Iterable[bytes], note: str, *, actor: Any) -> Evidence:
    """Keep a document behind a batch (that ``actor`` may see).

    Raises:
        InputError: another's batch, no file, a kind of file that is no document, too large.
    """
    if not may_attach(actor, batch):
        raise InputError(_("不能给别人的批次附文件"), why=_("只有导入者和市级主管可以附"), do=_("请导入者附"))
    ending = PurePath(name).suffix.lower()
    if ending not in TYPES:
        taken = "、".join(sorted(TYPES))
        raise InputError(_("不收这种文件"), where=name, why=_("可附 {kinds}").format(kinds=taken), do=_("另存为 PDF 再附"))
    with transaction.atomic():
        stored = files.store(actor, name, chunks, content_type=TYPES[ending])
        made = Evidence.objects.create(batch=batch, file=stored, note=note.strip()[:200], added_by=actor)
        after = {"file": stored.name, "sm3": stored.sm3, "note": made.note}
        record("ledger.evidence.attached", batch, actor=actor, subject_id=batch.subject_id, after=after)
    return made


def confirm(batch: Batch, document: str, *, actor: Any, now: datetime, today: date) -> Batch:
    """Issue what a county stated: the same figures as ``issued`` rows, with the document of the decision. Queues the accounts.

    Raises:
        InputError: not the city's person or the one who stated it, no evidence, no document, or everything is confirmed already.
    """
    if not may_confirm(actor, batch):
        raise InputError(_("不能核定这一批"), why=_("扣除项由另一位市级主管核定"), do=_("请市级主管核定"))
    if not document.strip():
        raise InputError(_("没有写核定文号"), where="document", do=_("写明文号"))
    if not Evidence.objects.visible_to(actor).filter(batch=batch).exists():
        raise InputError(_("没有依据文件，不能核定"), why=_("扣除项会降低考核的能耗"), do=_("请填报人附上依据文件"))
    rows = [
        row._replace(origin="issued", document=document.strip()[:120], known_on=max(row.known_on, today)) for row in _reported(batch)
    ]  # fmt: skip
    if not rows:
        raise InputError(_("这一批没有待核定的填报数"), why=_("市级装入的扣除项已是核定数"), do=_("无须核定"))
    about = Consignment(CONFIRMED, _("核定：{title}").format(title=batch.title)[:200], f"batch:{batch.pk}", "", settings.DEMONSTRATION)
    with transaction.atomic():
        made = post(rows, about, now=now, actor=actor)
        if made is None:
            raise InputError(_("这一批已经核定过"), do=_("刷新页面"))
        after = {"batch": made.pk, "document": document}
        record("ledger.deduction.confirmed", batch, actor=actor, subject_id=batch.subject_id, after=after)
        jobs.start(RECOMPUTE, _("按核定的扣除项重算"), {"batch": made.pk}, actor)
    return made


def _reported(batch: Batch) -> list[Any]:
    places = Places()
    found = Row.objects.unscoped("the rows of a batch that was found visible").filter(batch=batch, origin="reported").order_by("id")
    return [as_new(row, places) for row in found]
