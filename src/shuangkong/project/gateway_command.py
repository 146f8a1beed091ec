"""``shuangkong gateway``: the telemetry gateway's processes.

``serve`` runs everything below together; ``worker`` one TCP process (several may share a port), ``intake`` the HTTPS intake of meter
readings and the metrics, ``handover`` what hands the spools on.  The clock that the gateway gets is read here.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from shuangkong.core.errors import InputError
from shuangkong.project.run import Service, Supervisor, port_must_be_free

PORT, INTAKE_PORT = 9212, 9443
_HANDOVER_PAUSE_S = 0.3
_SWITCH_S = 0.0005


def now_ms() -> int:
    """The civil clock."""
    return time.time_ns() // 1_000_000


def announce(words: str) -> None:
    """An alarm of the gateway, for the log of the supervisor."""
    # the log may stand on the very disk that is full
    with contextlib.suppress(OSError):
        print(f"遥测网关：{words}", file=sys.stderr, flush=True)


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """The command and its parts."""
    words = "遥测网关：污染源自动监测（HJ 212）与能耗计量数据接收"
    parser = subparsers.add_parser("gateway", help=words, description=words)
    verbs = parser.add_subparsers(title="部件", metavar="部件", required=True)
    for verb, help_words in (
        ("serve", "启动全部部件"),
        ("worker", "一个TCP接收进程（多个进程可共用端口）"),
        ("intake", "HTTPS能耗数据接收与运行指标"),
        ("handover", "把接收到的报文交给下游"),
    ):
        part = verbs.add_parser(verb, help=help_words, description=help_words)
        part.add_argument("--store", help="存储目录，默认为安装目录下的telemetry；none 为不存储，只用于测速")
        part.add_argument("--host", default="127.0.0.1", help="监听地址")
        if verb in ("serve", "worker"):
            part.add_argument("--port", type=int, default=PORT, help=f"TCP端口，默认 {PORT}")
            part.add_argument("--incident-seconds", type=float, default=10.0, help="事件汇总间隔（秒）")
        if verb in ("serve", "intake"):
            part.add_argument("--intake-port", type=int, default=INTAKE_PORT, help=f"HTTPS端口，默认 {INTAKE_PORT}")
            part.add_argument("--certificate", default=os.environ.get("SHUANGKONG_CERTIFICATE"), help="证书文件（PEM）；缺省自制")
            part.add_argument("--certificate-key", default=os.environ.get("SHUANGKONG_CERTIFICATE_KEY"), help="证书私钥文件（PEM）")
        if verb == "serve":
            part.add_argument("--processes", type=int, default=1, help="TCP接收进程数")
        if verb == "worker":
            part.add_argument("--name", default="w0", help="进程名，每个进程不同")
        part.set_defaults(run=run, verb=verb)


def run(args: argparse.Namespace) -> int:
    """Runs a part until it is told to stop."""
    return {"serve": _serve, "worker": _worker, "intake": _intake, "handover": _handover}[args.verb](args)


def _worker(args: argparse.Namespace) -> int:
    from shuangkong.series.spool import SpoolBusy

    try:
        asyncio.run(_run_worker(args))
    except SpoolBusy as error:
        raise InputError("另一个进程正在用这个存储", where=str(error), do="换一个 --name，或先停止那个进程") from error
    except OSError as error:
        raise InputError("网关无法启动", where=f"{args.host}:{args.port}", why=str(error)) from error
    return 0


async def _run_worker(args: argparse.Namespace) -> None:
    from shuangkong.gateway.commit import NoStore, Store
    from shuangkong.gateway.limits import Limits
    from shuangkong.gateway.server import Gateway
    from shuangkong.series.spool import SpoolWriter

    keeps = args.store != "none"
    root = store_of(args.store) if keeps else Path(os.environ.get("SHUANGKONG_GATEWAY_FILES", "."))
    store: Store = SpoolWriter(root / "spool" / args.name) if keeps else NoStore()
    # the thread that waits for the disk gets its turn soon
    sys.setswitchinterval(_SWITCH_S)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gateway = Gateway(root, args.name, store, now_ms, Limits(incident_s=args.incident_seconds), announce)
    port = await gateway.start(args.host, args.port)
    print(f"遥测网关 {args.name} 已启动：{args.host}:{port}", flush=True)
    await stop.wait()
    await gateway.stop()
    if isinstance(store, SpoolWriter):
        store.close()


def _handover(args: argparse.Namespace) -> int:
    from shuangkong.series.handover import Handover

    stopping = False

    def stop(number: int, frame: object) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    handover = Handover(store_of(args.store))
    try:
        while not stopping:
            try:
                step = handover.step()
            except OSError as error:
                print(f"交接暂停：{error}", file=sys.stderr, flush=True)
                step = None
            if step is None:
                handover.retire()
                handover.forget(now_ms())
                time.sleep(_HANDOVER_PAUSE_S)
    finally:
        handover.close()
    return 0


def _intake(args: argparse.Namespace) -> int:
    from shuangkong.gateway.certificate import ensure_certificate
    from shuangkong.gateway.intake import serve_intake

    root = store_of(args.store)
    certificate, key = args.certificate, args.certificate_key
    if not certificate:
        certificate, key = ensure_certificate(root, now_ms())
    return serve_intake(root, args.host, args.intake_port, str(certificate), str(key), now_ms)


def _serve(args: argparse.Namespace) -> int:
    # several workers may share the port, so the system would not refuse another gateway on it
    port_must_be_free(args.port)
    return Supervisor(services(args), address=f"{args.host}:{args.port}").serve()


def services(args: argparse.Namespace) -> list[Service]:
    """All parts of one gateway as children of a supervisor."""
    me = [sys.executable, "-m", "shuangkong", "gateway"]
    keeps = args.store != "none"
    base = ["--store", str(store_of(args.store)) if keeps else "none", "--host", args.host]
    tcp = [*base, "--port", str(args.port), "--incident-seconds", str(args.incident_seconds)]
    parts = [Service(f"w{index}", [*me, "worker", *tcp, "--name", f"w{index}"]) for index in range(args.processes)]
    if keeps:
        intake = [*me, "intake", *base, "--intake-port", str(args.intake_port)]
        if args.certificate:
            intake += ["--certificate", args.certificate, "--certificate-key", args.certificate_key or ""]
        follow = [sys.executable, "-m", "shuangkong", "series", "follow", "--store", base[1]]
        parts += [Service("handover", [*me, "handover", *base]), Service("intake", intake), Service("series", follow)]
    return parts


def store_of(named: str | None) -> Path:
    """The store that is named, else that of the installation."""
    if named:
        return Path(named)
    mode = os.environ.get("SHUANGKONG_MODE", "live")
    return Path(os.environ.get("SHUANGKONG_HOME", Path(__file__).resolve().parents[3] / "var" / mode)) / "telemetry"
