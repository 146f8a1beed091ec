"""``shuangkong simulate telemetry``: simulated loggers for trying out and for demonstrations."""

from __future__ import annotations

import argparse
import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shuangkong.core.errors import InputError
from shuangkong.project.gateway_command import PORT, store_of


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """The command and what it simulates."""
    words = "模拟：产生演示用的现场数据"
    parser = subparsers.add_parser("simulate", help=words, description=words)
    kinds = parser.add_subparsers(title="对象", metavar="对象", required=True)
    telemetry = kinds.add_parser("telemetry", help="模拟污染源数采仪（HJ 212），可带故障与造假")
    telemetry.add_argument("--devices", type=int, default=10, help="数采仪台数")
    telemetry.add_argument("--minutes", type=float, default=10, help="模拟多少分钟")
    telemetry.add_argument("--faults", default="", help="故障与造假，逗号分隔；all 为全部，list 列出")
    telemetry.add_argument("--host", default="127.0.0.1", help="网关地址")
    telemetry.add_argument("--port", type=int, default=PORT, help=f"网关端口，默认 {PORT}")
    telemetry.add_argument("--interval", type=float, default=30.0, help="实时数据间隔（秒）")
    telemetry.add_argument("--speed", type=float, default=1.0, help="时间加快的倍数")
    register_help = "先把模拟设备登记到存储目录（标为演示）；缺省为演示安装的目录"
    telemetry.add_argument("--register", metavar="目录", nargs="?", const="", help=register_help)
    telemetry.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs the loggers and prints what they did."""
    from shuangkong.gateway.plants import FRAUDS
    from shuangkong.gateway.simulator import FAULTS, simulate, simulated_devices
    from shuangkong.series.devices import read_devices, write_devices

    known = (*FAULTS, *FRAUDS)
    if args.faults == "list":
        print("\n".join(known))
        return 0
    faults = list(known) if args.faults == "all" else [name for name in args.faults.split(",") if name]
    unknown = sorted(set(faults) - set(known))
    if unknown:
        raise InputError("没有这种故障", where="--faults", why="、".join(unknown), do=f"可用：{'、'.join(known)}")
    if args.register is not None:
        root = _store(args.register)
        devices = read_devices(root) | {device.mn: device for device in simulated_devices(args.devices)}
        write_devices(root, devices.values())
    start = datetime.now(UTC)
    report = asyncio.run(
        simulate(args.host, args.port, args.devices, args.minutes, faults, start, interval_s=args.interval, speed=args.speed)
    )
    print("\n".join(report.lines()))
    return 0 if report.counts["acknowledged"] else 1


def _store(named: str) -> Path:
    """The store to register in; the one of a live installation takes no demonstration devices."""
    if not named and os.environ.get("SHUANGKONG_MODE") != "demonstration":
        raise InputError("正式安装不能登记模拟设备", where="--register", do="加 --mode demonstration，或写明存储目录")
    return store_of(named)
