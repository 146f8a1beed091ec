"""The command ``shuangkong``.

A subcommand is a module that states ``add_parser(subparsers)`` and ``run(args) -> int``; it stands in :data:`COMMANDS`.
Errors of the platform are printed in one message, never as a traceback: exit 2, or 3 when no rule is in force on that day.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

from shuangkong import __version__
from shuangkong.core.errors import NotInForce, ShuangkongError
from shuangkong.project import environment

COMMANDS = (
    "api_command", "audit_command", "calc_command", "check_command", "gateway_command", "pack_command", "run_command", "simulate_command",
    "receipt_command", "series_command", "telemetry_command",
)  # fmt: skip


class Command(Protocol):
    """What a module in :data:`COMMANDS` offers."""

    def add_parser(self, subparsers: argparse._SubParsersAction[Any]) -> None:
        """Add the subcommand; ``parser.set_defaults(run=run)`` names what runs."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the number is the exit code."""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="shuangkong", description="双控：节能减排目标管理平台")
    top.add_argument("--version", action="version", version=f"shuangkong {__version__}")
    top.add_argument("--mode", choices=environment.MODES, help="用哪个库：demonstration（演示）或 live（正式）；默认 live")
    subparsers = top.add_subparsers(title="命令", metavar="命令", required=True)
    for name in COMMANDS:
        import_module(f"shuangkong.project.{name}").add_parser(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code."""
    args = parser().parse_args(argv)
    if args.mode:
        os.environ["SHUANGKONG_MODE"] = args.mode
    try:
        return int(args.run(args))
    except NotInForce as error:
        print(_message(error), file=sys.stderr)
        return 3
    except ShuangkongError as error:
        print(_message(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _message(error: ShuangkongError) -> str:
    """One readable message, with the rows around a day on which nothing is in force."""
    nearest = getattr(error, "nearest", ())
    return "\n".join([f"错误：{error}", *(f"  {row}" for row in nearest)])
