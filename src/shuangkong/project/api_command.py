"""``shuangkong api``: the OpenAPI document and the reference page, written from the code."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from .environment import enter


def add_parser(subparsers: Any) -> None:
    """Adds ``api`` with its verbs to the parser of the command."""
    verbs = subparsers.add_parser("api", help="HTTP 接口的文档 / documents of the HTTP API").add_subparsers(dest="verb", required=True)
    for name, words in (("openapi", "OpenAPI 文档（JSON）"), ("reference", "参考页（Markdown）")):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("--output", type=Path, help="文件；不写则打印")
        verb.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes or prints the document."""
    enter()
    from .api import docs

    text = docs.reference() if args.verb == "reference" else json.dumps(docs.document(), ensure_ascii=False, indent=2)
    if args.output is None:
        print(text)
    else:
        args.output.parent.mkdir(parents=True, exist_ok=True)
        args.output.write_text(text, encoding="utf-8")
    return 0
