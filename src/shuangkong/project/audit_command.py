"""``shuangkong audit seal | anchors | verify | guard``: lay the chain, print its newest anchor, check everything, lay the triggers anew."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shuangkong.core.errors import InputError, ShuangkongError
from shuangkong.project import environment

if TYPE_CHECKING:
    from shuangkong.apps.audit.triggers import Guard
    from shuangkong.apps.audit.verify import Finding, Pending

STALE = timedelta(minutes=10)
"""Entries that wait longer than this for their block mean that no sealer runs."""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Four verbs."""
    parser = subparsers.add_parser("audit", help="审计链：封存、锚、核验")
    verbs = parser.add_subparsers(title="动作", metavar="动作", required=True)
    seal = verbs.add_parser("seal", help="封存已提交的审计记录；不停运行，直到被终止")
    seal.add_argument("--once", action="store_true", help="封存到没有可封存的为止，然后结束")
    seal.set_defaults(run=run, verb=_seal)
    anchors = verbs.add_parser("anchors", help="打印锚文件中最新的块头")
    anchors.set_defaults(run=run, verb=_anchors)
    verify = verbs.add_parser("verify", help="核验审计记录、链、锚、台账和指标值；全部无误时退出码为0")
    verify.add_argument("--anchors", type=Path, help="另存于别处的锚文件；默认用本安装的")
    verify.set_defaults(run=run, verb=_verify)
    guard = verbs.add_parser("guard", help="重建缺失或被改的防改触发器，并记入审计")
    guard.set_defaults(run=run, verb=_guard)


def run(args: argparse.Namespace) -> int:
    """Enter the installation and do the verb."""
    environment.enter()
    from django.db import Error

    verb: Callable[[argparse.Namespace], int] = args.verb
    try:
        return verb(args)
    except Error as error:
        raise ShuangkongError("数据库读写失败", where="审计链", why=str(error), do="先运行 make run 或 make start 建好数据库") from error


def _seal(args: argparse.Namespace) -> int:
    from django.conf import settings

    from shuangkong.apps.audit.sealer import seal_step, seal_until

    if args.once:
        while seal_step(settings.ANCHORS):
            pass
        return 0
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, frame: asked.append(received))
    seal_until(lambda: bool(asked), settings.ANCHORS)
    return 0


def _anchors(args: argparse.Namespace) -> int:
    from django.conf import settings

    from shuangkong.apps.audit.anchors import newest

    anchor = newest(settings.ANCHORS)
    if anchor is None:
        raise InputError("还没有锚", where=str(settings.ANCHORS), do="运行 shuangkong audit seal")
    print(anchor.line())
    return 0


def _guard(args: argparse.Namespace) -> int:
    from django.db import connection, transaction

    from shuangkong.apps.audit import triggers
    from shuangkong.apps.audit.models import Entry
    from shuangkong.apps.audit.services import record

    lacking = triggers.missing(connection, guards())
    if lacking:
        with transaction.atomic():
            triggers.lay(connection, guards())
            record("audit.guards.laid", Entry, after={"triggers": lacking}, origin="shuangkong audit guard")
    print(f"已重建：{'、'.join(lacking)}" if lacking else "触发器齐全")
    return 0


def guards() -> tuple[Guard, ...]:
    """All triggers that must stand in the database. An app that guards tables is added here."""
    from shuangkong.apps.audit.guards import GUARDS as AUDIT
    from shuangkong.apps.filing.guards import GUARDS as FILING
    from shuangkong.apps.indicators.guards import GUARDS as INDICATORS
    from shuangkong.apps.ledger.guards import GUARDS as LEDGER

    return (*AUDIT, *LEDGER, *FILING, *INDICATORS)


def checks() -> tuple[Callable[[], Iterator[Finding]], ...]:
    """All checks of rows against the entries that prove them. An app that records a root is added here."""
    from shuangkong.apps.indicators.proof import PROOF as RUNS
    from shuangkong.apps.indicators.proof import check_current
    from shuangkong.apps.ledger.proof import PROOF as BATCHES

    return (BATCHES.check, RUNS.check, check_current)


def findings(anchors_path: Path, now: datetime) -> tuple[list[Finding], Pending | None]:
    """Everything that is not as it was written, and the entries that wait for their block. The anchors are read first."""
    from shuangkong.apps.audit import anchors, verify
    from shuangkong.apps.audit.chain import moment_text

    known = anchors.read(anchors_path)
    pending, found = verify.check_pending()
    rest: Iterator[Finding] = (finding for check in checks() for finding in check())
    if pending and now - pending.since > STALE:
        words = "封存没有在运行；运行 shuangkong audit seal"
        found.append(verify.Finding("sealer_stopped", words, "待封存的记录", moment_text(pending.since)))
    return [*verify.check_chain(), *verify.check_anchors(known), *found, *rest, *verify.check_guards(guards())], pending


def _verify(args: argparse.Namespace) -> int:
    from django.conf import settings
    from django.utils import timezone

    from shuangkong.apps.audit.chain import moment_text
    from shuangkong.apps.audit.selectors import chain_summary

    path = args.anchors or settings.ANCHORS
    if args.anchors and not args.anchors.exists():
        raise InputError("没有这个锚文件", where=str(args.anchors))
    found, pending = findings(path, timezone.now())
    for finding in found:
        print(f"[{finding.kind}] {finding}")
    blocks, entries, head = chain_summary()
    print(f"已封存：{blocks}块，{entries}条记录，链头 {head or '无'}；锚文件 {path}")
    if pending:
        print(f"待封存：{pending.count}条记录，最早于 {moment_text(pending.since)}")
    print(f"发现 {len(found)} 处问题" if found else "全部无误")
    return 1 if found else 0
