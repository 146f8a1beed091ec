"""``shuangkong calc``: run, list, show and document calculators."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from shuangkong.calculators import CALCULATORS, get
from shuangkong.calculators.reference import page
from shuangkong.calculators.runner import run_json
from shuangkong.core.errors import InputError

from .installed import install_rulebook


def add_parser(subparsers: Any) -> None:
    """Adds ``calc`` with its verbs to the parser of the command."""
    calc = subparsers.add_parser("calc", help="计算器 / calculators")
    verbs = calc.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("run", help="运行一个计算器")
    one.add_argument("id")
    one.add_argument("--json", required=True, help="输入，JSON 对象或一列对象；- 为标准输入")
    every = verbs.add_parser("list", help="列出计算器")
    every.add_argument("--json", action="store_true")
    show = verbs.add_parser("show", help="一个计算器的输入与输出")
    show.add_argument("id")
    show.add_argument("--json", action="store_true")
    reference = verbs.add_parser("reference", help="写参考页 / write the reference page")
    reference.add_argument("--output", type=Path, help="文件；不写则打印")
    calc.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs the verb. Errors of the platform go up to the command, which prints them and names the exit code."""
    verbs = {"run": _run, "list": _list, "show": _show, "reference": _reference}
    print(verbs[args.verb](args))
    return 0


def _run(args: argparse.Namespace) -> str:
    text = _standard_input() if args.json == "-" else args.json
    get(args.id)
    return _json(run_json(args.id, text, rulebook=install_rulebook()))


def _standard_input() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise InputError("标准输入不是 UTF-8 文本", where="输入", why=str(error)) from None


def _list(args: argparse.Namespace) -> str:
    if args.json:
        return _json([calculator.summary() for calculator in CALCULATORS])
    return "\n".join(f"{calculator.id:<40}{calculator.title_zh}" for calculator in CALCULATORS)


def _show(args: argparse.Namespace) -> str:
    calculator = get(args.id)
    if args.json:
        return _json(calculator.schemas())
    lines = [f"{calculator.id} {calculator.title_zh}", calculator.formula, *calculator.basis]
    return "\n".join([*lines, f"例：--json '{json.dumps(calculator.example, ensure_ascii=False)}'"])


def _reference(args: argparse.Namespace) -> str:
    text = page(install_rulebook())
    if args.output is None:
        return text
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(text, encoding="utf-8")
    return str(args.output)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
