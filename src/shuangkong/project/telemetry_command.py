"""``shuangkong telemetry incidents | collect``: what the machine room asks when no page is at hand."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shuangkong.core.errors import InputError, ShuangkongError
from shuangkong.project import environment

if TYPE_CHECKING:
    from shuangkong.apps.monitoring.models import Incident

_STATES = ("open", "settled", "strangers", "all")
_STATE_HELP = "open 未处理（默认）、settled 已处理、strangers 未登记设备、all 全部"


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Two verbs."""
    words = "自动监测：异常清单、取走网关交来的报文"
    parser = subparsers.add_parser("telemetry", help=words, description=words)
    verbs = parser.add_subparsers(title="动作", metavar="动作", required=True)
    listed = verbs.add_parser("incidents", help="列出异常：时间、代码、设备、地址、次数、网关怎样答复；有未处理的紧要异常时退出码为1")
    listed.add_argument("--days", type=int, default=7, help="最近几天，默认 7")
    listed.add_argument("--code", default="", help="只列这种异常，如 password_wrong")
    listed.add_argument("--mn", default="", help="只列这个设备（名称或编码的一部分）")
    listed.add_argument(
        "--state", choices=_STATES, default="open", help="open 未处理（默认）、settled 已处理、strangers 未登记设备、all 全部"
    )
    listed.add_argument("--json", action="store_true", help="每条一行JSON，含报文原文（访问密码已抹去）")
    listed.set_defaults(run=run, verb=_incidents)
    collect = verbs.add_parser("collect", help="取走网关交来的全部报文与异常，写设备文件，然后结束（平时由后台进程做）")
    collect.set_defaults(run=run, verb=_collect)


def run(args: argparse.Namespace) -> int:
    """Enter the installation and do the verb."""
    environment.enter()
    from django.db import Error

    verb: Callable[[argparse.Namespace], int] = args.verb
    try:
        return verb(args)
    except Error as error:
        raise ShuangkongError("数据库读写失败", where="自动监测", why=str(error), do="先运行 make run 或 make start 建好数据库") from error


def _collect(args: argparse.Namespace) -> int:
    from django.utils import timezone

    from shuangkong.apps.monitoring.services import collecting

    batches = 0
    while collecting.step(timezone.now()):
        batches += 1
    print(f"已取走 {batches} 批")
    return 0


def _incidents(args: argparse.Namespace) -> int:
    from django.utils import timezone

    from shuangkong.apps.monitoring.models import Incident
    from shuangkong.apps.monitoring.words import kind_of

    if args.days < 1:
        raise InputError("天数不对", where="--days", do="填 1 以上的整数")
    found = Incident.objects.unscoped("the operator of the machine reads all").select_related("device", "device__subject")
    found = found.filter(day__gt=timezone.localdate() - timedelta(days=args.days)).order_by("last_at", "id")
    found = _narrowed(found, args)
    grave = False
    for incident in found.iterator():
        print(json.dumps(_as_dict(incident), ensure_ascii=False) if args.json else _as_line(incident))
        grave |= incident.handled_at is None and kind_of(incident.code).severity == 1
    return int(grave)


def _narrowed(found: Any, args: argparse.Namespace) -> Any:
    from django.db.models import Q

    if args.code:
        found = found.filter(code=args.code)
    if args.mn:
        found = found.filter(Q(mn__icontains=args.mn) | Q(device__name__icontains=args.mn))
    states = {"open": Q(handled_at=None), "settled": Q(handled_at__isnull=False), "strangers": Q(device=None), "all": Q()}
    return found.filter(states[args.state])


def _as_dict(incident: Incident) -> dict[str, Any]:
    device = incident.device
    return {
        "code": incident.code, "mn": incident.mn, "address": incident.address, "device": device.name if device else None,
        "subject": device.subject.code if device and device.subject else None, "times": incident.times, "text": incident.text,
        "first_at": incident.first_at.isoformat(), "last_at": incident.last_at.isoformat(), "answer": incident.answer,
        "handled_at": incident.handled_at.isoformat() if incident.handled_at else None, "handled_note": incident.handled_note,
        "demonstration": incident.demonstration, "sample": incident.sample,
    }  # fmt: skip


def _as_line(incident: Incident) -> str:
    from django.utils import timezone

    from shuangkong.apps.monitoring.words import answer_words, kind_of

    at = timezone.localtime(incident.last_at)
    whose = f"{incident.device.name}（{incident.mn}）" if incident.device else incident.mn or "—"
    parts = [
        f"{at:%Y-%m-%d %H:%M:%S}", f"{kind_of(incident.code).title}（{incident.code}）", whose, incident.address or "—",
        f"{incident.times}次", str(answer_words(incident.answer)), incident.text,
    ]  # fmt: skip
    return "  ".join([*parts, *(["演示"] if incident.demonstration else [])])
