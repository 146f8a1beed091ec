"""``shuangkong series``: the table of readings: follow, verify, compact, rebuild, space, retire."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shuangkong.core.errors import InputError, ShuangkongError
from shuangkong.project.gateway_command import announce, store_of

if TYPE_CHECKING:
    from shuangkong.series.store import Readings

_PAUSE_S, _PAUSE_AFTER_FAILURE_S = 0.2, 2.0
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_MIB = 1024 * 1024
_LEFT_OUT = {
    "code_malformed": "因子编码无法识别", "damaged": "批次文件损坏处", "no_time": "没有数据时间", "point_taken": "点位编号冲突",
    "too_many_points": "超过每台设备的点位数上限", "unreadable": "记录无法读出",
}  # fmt: skip


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Six verbs."""
    words = "监测读数表：入表、核验、合并、重建、占用空间、退役"
    parser = subparsers.add_parser("series", help=words, description=words)
    verbs = parser.add_subparsers(title="动作", metavar="动作", required=True)
    made = {}
    for verb, of in (
        ("follow", "随收随入表；不停运行，直到被终止（make run、make start 已包含）"),
        ("verify", "逐个核对文件的SM3、行数、列与月份；全部无误时退出码为0"),
        ("compact", "把新到的读数并入各月文件"),
        ("rebuild", "由原始批次重建读数表，替换现有的，或写到别处"),
        ("space", "各月读数与文件占用"),
        ("retire", "永久删除某月以前的读数（原始批次仍保留）"),
    ):
        made[verb] = part = verbs.add_parser(verb, help=of, description=of)
        part.add_argument("--store", help="存储目录，默认为安装目录下的telemetry")
        part.set_defaults(run=run, verb=globals()[f"_{verb}"])
    made["verify"].add_argument("--raw", action="store_true", help="另由原始批次重建一份，逐行比较")
    made["compact"].add_argument("--due", action="store_true", help="只合并到了该合并的月份")
    made["rebuild"].add_argument("--into", type=Path, help="写到这个目录，不动现有的读数表")
    made["rebuild"].add_argument("--accept-damage", action="store_true", help="原始批次后来损坏也照样替换（损坏处的读数会丢失）")
    made["space"].add_argument("--json", action="store_true", help="以JSON输出")
    made["retire"].add_argument("--before", required=True, help="删除这个月以前的读数，如 2024-01")
    made["retire"].add_argument("--implausible", action="store_true", help="同时删除时间不可能的读数")


def run(args: argparse.Namespace) -> int:
    """Does the verb on the store."""
    from shuangkong.series.spool import SpoolBusy

    root = store_of(args.store)
    verb: Callable[[argparse.Namespace, Path], int] = args.verb
    try:
        return verb(args, root)
    except SpoolBusy as error:
        raise InputError("另一个进程正在做同样的事", where=str(error), do="先停止它，或等它做完") from error
    except (OSError, sqlite3.Error) as error:
        raise ShuangkongError("读数表读写失败", where=str(root), why=str(error), do="检查磁盘空间与权限后重试") from error


def _follow(args: argparse.Namespace, root: Path) -> int:
    from shuangkong.series.following import Follower
    from shuangkong.series.store import Readings

    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, frame: asked.append(received))
    merge = [sys.executable, "-m", "shuangkong", "series", "compact", "--due", "--store", str(root)]
    with Readings(root) as store:
        store.hold("parse")
        follower = Follower(store, merge, announce)
        try:
            while not asked:
                if not follower.step():
                    time.sleep(_PAUSE_AFTER_FAILURE_S if follower.is_failing else _PAUSE_S)
        finally:
            follower.close()
    return 0


def _verify(args: argparse.Namespace, root: Path) -> int:
    with _existing(root) as store:
        faults = store.verify(raw=args.raw)
        files = store.catalogue.files()
    for fault in faults:
        print(f"{fault.where}：{fault.why}")
    if faults:
        print(f"读数表有误：{len(faults)}处；原始批次完好时可用 shuangkong series rebuild 重建")
        return 1
    against = "，与由原始批次重建的结果逐行相同" if args.raw else ""
    print(f"读数表无误：{len(files)}个文件，{sum(file.rows for file in files)}行{against}")
    return 0


def _compact(args: argparse.Namespace, root: Path) -> int:
    with _existing(root) as store:
        merged = store.compact(everything=not args.due)
        store.sweep()
    if not args.due:
        print(f"已合并：{'、'.join(map(_part, merged))}" if merged else "没有要合并的读数")
    return 0


def _rebuild(args: argparse.Namespace, root: Path) -> int:
    with _existing(root) as store:
        try:
            store.rebuild(args.into, accept_damage=args.accept_damage)
        except ValueError as error:
            raise InputError(
                "原始批次中有后来损坏的，没有替换",
                where=str(root),
                why=str(error),
                do="找回批次文件；或用 --accept-damage 放弃损坏处的读数",
            ) from error
        files = store.catalogue.files()
    print(f"已重建到 {args.into}" if args.into else f"已重建：{sum(file.rows for file in files)}行")
    return 0


def _retire(args: argparse.Namespace, root: Path) -> int:
    if not _MONTH.fullmatch(args.before):
        raise InputError("月份写法不对", where="--before", why=args.before, do="写成 2024-01 这样")
    with _existing(root) as store:
        rows = store.retire(args.before, implausible=args.implausible)
    print(f"已删除 {args.before} 以前的读数：{rows}行；原始批次仍保留")
    return 0


def _space(args: argparse.Namespace, root: Path) -> int:
    with _existing(root) as store:
        found = store.space()
    if args.json:
        print(json.dumps(found._asdict() | {"parts": [part._asdict() for part in found.parts]}, ensure_ascii=False, indent=1))
        return 0
    print(f"{'月份':<10}{'文件':>6}{'读数':>14}{'旧版本':>12}{'MiB':>10}")
    for part in found.parts:
        print(f"{_part(part.part):<10}{part.files:>8}{part.rows:>16}{part.history_rows:>15}{part.bytes / _MIB:>10.1f}")
    print(f"待删除的文件：{found.dead_files}个，{found.dead_bytes / _MIB:.1f} MiB")
    print(f"原始批次：{found.batches}个，{found.batch_bytes / _MIB:.1f} MiB；磁盘剩余 {found.free_bytes / _MIB:.0f} MiB")
    for why, count in found.left_out.items():
        print(f"未入表：{_LEFT_OUT.get(why, why)} {count}")
    return 0


def _existing(root: Path) -> Readings:
    """The writer of a store that exists: a mistyped folder is not made."""
    from shuangkong.series.store import Readings

    if not root.is_dir():
        raise InputError("没有这个存储目录", where=str(root), do="用 --store 指明，或先运行 make run 或 make start")
    return Readings(root)


def _part(name: str) -> str:
    return "时间不可能" if name == "implausible" else name
