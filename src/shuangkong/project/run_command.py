"""``shuangkong run`` (the demonstration) and ``shuangkong start`` (an empty installation): prepare, then serve until stopped."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from shuangkong.project import environment, gateway_command
from shuangkong.project.run import HOST, Service, Supervisor, claim, port_must_be_free

#: Threads of the web server: eight for pages, and those that live pages may hold (``apps.monitoring.live.PLACES``).
THREADS = 12
PORTS = (
    ("--port", "SHUANGKONG_PORT", 8000, "网页"),
    ("--gateway-port", "SHUANGKONG_GATEWAY_PORT", gateway_command.PORT, "遥测网关"),
    ("--intake-port", "SHUANGKONG_INTAKE_PORT", gateway_command.INTAKE_PORT, "能耗数据接收"),
)


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Both take the port."""
    for name, mode, words in (
        ("run", "demonstration", "运行演示：自带演示数据的独立数据库"),
        ("start", "live", "运行正式安装：空库，不含任何演示数据"),
    ):
        parser = subparsers.add_parser(name, help=words, description=words)
        for option, variable, port, of in PORTS:
            kept = int(os.environ.get(variable, port))
            parser.add_argument(option, type=int, default=kept, help=f"{of}的端口，默认 {port}（{variable}）")
        parser.add_argument("--prepare-only", action="store_true", help="只迁移和装载，不启动服务")
        parser.set_defaults(run=run, installation=mode)


def run(args: argparse.Namespace) -> int:
    """Prepare the installation and serve it."""
    environment.enter(args.installation)
    from django.conf import settings

    from shuangkong.project import prepare

    with claim(settings.HOME):
        if not args.prepare_only:
            for port in (args.port, args.gateway_port, args.intake_port):
                port_must_be_free(port)
        if said := prepare.prepare(args.installation):
            print(said, flush=True)
        if args.prepare_only:
            return 0
        return Supervisor(services(args, settings.HOME), address=f"http://{HOST}:{args.port}/").serve()


def services(args: argparse.Namespace, home: Path) -> list[Service]:
    """All long-lived parts of an installation, in the order in which they start."""
    python = sys.executable
    web = [python, "-m", "waitress", f"--listen={HOST}:{args.port}", f"--threads={THREADS}", "shuangkong.project.wsgi:application"]
    worker = [python, "-m", "django", "job_worker", "--queue-name=*", "--interval=0.5", "--no-startup-delay", "--verbosity=0"]
    sealer = [python, "-m", "shuangkong", "audit", "seal"]
    store = ["--store", str(home / "telemetry"), "--host", HOST]
    telemetry = [python, "-m", "shuangkong", "gateway"]
    services = [
        Service("web", web),
        Service("worker", worker),
        Service("sealer", sealer),
        Service("gateway", [*telemetry, "worker", *store, "--port", str(args.gateway_port)]),
        Service("handover", [*telemetry, "handover", *store]),
        Service("intake", [*telemetry, "intake", *store, "--intake-port", str(args.intake_port)]),
        Service("series", [python, "-m", "shuangkong", "series", "follow", *store[:2]]),
    ]
    if args.installation == "demonstration":
        ports = ["--port", str(args.gateway_port), "--intake-port", str(args.intake_port)]
        field = [python, "-m", "shuangkong", "simulate", "field", "--store", str(home / "telemetry"), "--host", HOST, *ports]
        services.append(Service("field", field))
    return services
