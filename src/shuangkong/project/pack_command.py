"""``shuangkong pack check DIR`` and ``shuangkong pack load DIR [--demonstration]``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from shuangkong.project import environment


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """``pack`` with its two verbs."""
    pack = subparsers.add_parser("pack", help="检查、装载城市数据包", description="检查、装载城市数据包")
    verbs = pack.add_subparsers(title="动作", metavar="动作", required=True)
    check = verbs.add_parser("check", help="逐条列出数据包的错误：文件、行、列、原因", description="检查数据包，不改动任何数据")
    check.add_argument("directory", metavar="DIR", type=Path, help="含 pack.yaml 的目录")
    check.set_defaults(run=run_check)
    load = verbs.add_parser("load", help="装载数据包；再装一次不改动任何数据", description="装载数据包；再装一次不改动任何数据")
    load.add_argument("directory", metavar="DIR", type=Path, help="含 pack.yaml 的目录")
    invented = "同时生成演示数据（只限演示库：shuangkong --mode demonstration pack load …）"
    load.add_argument("--demonstration", action="store_true", help=invented)
    load.set_defaults(run=run_load)


def run(args: argparse.Namespace) -> int:
    """Whichever verb was given."""
    return int(args.run(args))


def run_check(args: argparse.Namespace) -> int:
    """Print every fault; exit 1 when there is one. It needs no installation."""
    from shuangkong.project.packs.checking import check_pack

    pack, faults = check_pack(args.directory)
    for fault in faults:
        print(fault)
    rows = sum(len(rows) for rows in pack.tables.values())
    print(f"{args.directory.name}：{len(pack.tables)} 张表，{rows} 行，{len(faults)} 处错误")
    return 1 if faults else 0


def run_load(args: argparse.Namespace) -> int:
    """Load, and say what changed."""
    environment.enter()
    from django.utils import timezone

    from shuangkong.project.packs.loading import install_packs

    for loaded in install_packs([args.directory], now=timezone.now(), demonstration=args.demonstration):
        print("\n".join([*loaded.lines(), *loaded.sign_in_lines()]))
    return 0
