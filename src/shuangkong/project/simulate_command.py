"""``shuangkong simulate telemetry``: simulated loggers for trying out and for demonstrations."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shuangkong.core.errors import InputError
from shuangkong.project import environment
from shuangkong.project.gateway_command import INTAKE_PORT, PORT

if TYPE_CHECKING:
    from shuangkong.series.devices import Device

#: The gateway looks for a new device file twice a second.
_READ_AGAIN_S = 1.5


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
    register_help = "先登记模拟设备（标为演示）：不写目录则登记到演示安装，写目录则只写该目录的设备文件"
    telemetry.add_argument("--register", metavar="目录", nargs="?", const="", help=register_help)
    telemetry.set_defaults(run=run)
    field = kinds.add_parser("field", help="演示的现场：登记过的演示数采仪和计量器具，一直发送（make run 自带）")
    field.add_argument("--store", required=True, help="网关的存储目录")
    field.add_argument("--host", default="127.0.0.1", help="网关地址")
    field.add_argument("--port", type=int, default=PORT, help=f"网关端口，默认 {PORT}")
    field.add_argument("--intake-port", type=int, default=INTAKE_PORT, help=f"能耗数据接收端口，默认 {INTAKE_PORT}")
    field.set_defaults(run=run_field)


def run(args: argparse.Namespace) -> int:
    """Runs the loggers and prints what they did."""
    from shuangkong.gateway.plants import FRAUDS
    from shuangkong.gateway.simulator import FAULTS, simulate, simulated_devices

    known = (*FAULTS, *FRAUDS)
    if args.faults == "list":
        print("\n".join(known))
        return 0
    faults = list(known) if args.faults == "all" else [name for name in args.faults.split(",") if name]
    unknown = sorted(set(faults) - set(known))
    if unknown:
        raise InputError("没有这种故障", where="--faults", why="、".join(unknown), do=f"可用：{'、'.join(known)}")
    if args.register is not None:
        _register(args.register, simulated_devices(args.devices))
    start = datetime.now(UTC)
    report = asyncio.run(
        simulate(args.host, args.port, args.devices, args.minutes, faults, start, interval_s=args.interval, speed=args.speed)
    )
    print("\n".join(report.lines()))
    return 0 if report.counts["acknowledged"] else 1


def run_field(args: argparse.Namespace) -> int:
    """Runs the field of the demonstration until it is told to stop; a live installation has none.

    Raises:
        InputError: this is not the demonstration.
    """
    if os.environ.get("SHUANGKONG_MODE") != "demonstration":
        raise InputError("正式安装没有模拟的现场", where="simulate field", do="用 shuangkong run（或 make run）启动演示")
    asyncio.run(_live(args))
    return 0


async def _live(args: argparse.Namespace) -> None:
    from shuangkong.gateway import living, living_meters

    root = Path(args.store)
    main = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, lambda: main and main.cancel())
    meters = living_meters.Uploader(root, args.host, args.intake_port, _utc_now)
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(living.live(args.host, args.port, root, _utc_now), meters.live())


def _utc_now() -> datetime:
    """The civil clock."""
    return datetime.now(UTC)


def _register(named: str, devices: list[Device]) -> None:
    """Into the registry of the demonstration, or only into the device file of a named store (a gateway without pages).

    Raises:
        InputError: a live installation takes no demonstration devices.
    """
    from shuangkong.series.devices import read_devices, write_devices

    simulated = {device.mn: device for device in devices}
    if named:
        write_devices(Path(named), (read_devices(Path(named)) | simulated).values())
        return
    if os.environ.get("SHUANGKONG_MODE") != "demonstration":
        raise InputError("正式安装不能登记模拟设备", where="--register", do="加 --mode demonstration，或写明存储目录")
    environment.enter()
    from shuangkong.apps.monitoring.services import collecting, registry
    from shuangkong.apps.organisations.models import Subject

    owner = Subject.objects.filter(kind=Subject.Kind.ENTERPRISE, demonstration=True).first()
    registry.adopt(simulated, subject_id=owner.pk if owner else None, demonstration=True)
    registry.write_file(collecting.store())
    time.sleep(_READ_AGAIN_S)
