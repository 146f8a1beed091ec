"""``shuangkong receipt verify FILE…``: whether what is stored is still what was submitted, by the receipts that people kept."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from shuangkong.core.errors import InputError, ShuangkongError
from shuangkong.project import environment


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """One verb."""
    parser = subparsers.add_parser("receipt", help="填报回执：核验", description="填报回执：核验平台里的数是否仍是当时提交的")
    verbs = parser.add_subparsers(title="动作", metavar="动作", required=True)
    verify = verbs.add_parser("verify", help="按回执文件核验内容、审计记录、审计链和锚；全部相符时退出码为0，有不符为1")
    verify.add_argument("files", metavar="回执文件", nargs="+", type=Path, help="从回执页下载的 JSON 文件")
    verify.add_argument("--anchors", type=Path, help="另存于别处的锚文件；默认用本安装的")
    verify.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check each file; 1 when anything does not agree."""
    environment.enter()
    from django.db import Error

    try:
        return max([_verify(path, args.anchors) for path in args.files])
    except Error as error:
        raise ShuangkongError("数据库读写失败", where="填报回执", why=str(error), do="先运行 make run 或 make start 建好数据库") from error


def _verify(path: Path, anchors: Path | None) -> int:
    from shuangkong.apps.filing import receipts
    from shuangkong.apps.filing.models import Round
    from shuangkong.apps.filing.overview import read_receipt

    if not path.is_file():
        raise InputError("没有这个文件", where=str(path))
    held = read_receipt(path.read_bytes())
    pk = held["number"].partition("-")[0]
    rounds = Round.objects.unscoped("the operator checks a receipt").select_related("filing", "filing__subject")
    made = rounds.filter(pk=int(pk) if pk.isascii() and pk.isdigit() and len(pk) < 12 else 0).first()
    if made is None:
        print(f"{path.name}：平台里没有这次提交（回执 {held['number']}）：被删去，或不是本平台的回执")
        return 1
    found = receipts.receipt_of(made)
    faults = receipts.check(found, held, anchors)
    print(f"{path.name}：{made.filing}，第{made.number}次提交，{'不符' if faults else '相符'}")
    for fault in faults:
        print(f"  {fault}")
    if found.block is None:
        print("  还没有封存进审计链；几秒后再核验")
    return int(bool(faults))
