"""``shuangkong run`` (the demonstration) and ``shuangkong start`` (an empty installation): prepare, then serve until stopped."""

from __future__ import annotations

import argparse
import os
from typing import Any

from shuangkong.project import environment


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Both take the port."""
    for name, mode, words in (
        ("run", "demonstration", "运行演示：自带演示数据的独立数据库"),
        ("start", "live", "运行正式安装：空库，不含任何演示数据"),
    ):
        parser = subparsers.add_parser(name, help=words, description=words)
        parser.add_argument("--port", type=int, default=int(os.environ.get("SHUANGKONG_PORT", "8000")), help="端口，默认 8000")
        parser.add_argument("--prepare-only", action="store_true", help="只迁移和装载，不启动服务")
        parser.set_defaults(run=run, installation=mode)


def run(args: argparse.Namespace) -> int:
    """Prepare the installation and serve it."""
    environment.enter(args.installation)
    from django.conf import settings

    from shuangkong.project import prepare
    from shuangkong.project.run import Supervisor, claim, port_must_be_free, services

    with claim(settings.HOME):
        if not args.prepare_only:
            port_must_be_free(args.port)
        if said := prepare.prepare(args.installation):
            print(said, flush=True)
        if args.prepare_only:
            return 0
        return Supervisor(services(args.port), address=f"http://127.0.0.1:{args.port}/").serve()
