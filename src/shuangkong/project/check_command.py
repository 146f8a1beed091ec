"""``shuangkong check``: whether this installation is fit to run."""

from __future__ import annotations

import argparse
from typing import Any

from shuangkong.core.errors import InputError
from shuangkong.project import environment


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """No arguments."""
    parser = subparsers.add_parser("check", help="检查本安装：配置、迁移、静态文件")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Settings, database, migrations, assets; the first fault is said."""
    environment.enter()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    call_command("check", verbosity=0)
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        names = "、".join(f"{migration.app_label}.{migration.name}" for migration, _ in pending[:5])
        raise InputError("数据库结构不是最新", where=str(settings.HOME), why=f"未执行：{names}", do="运行 make run 或 make start")
    if not settings.STATICFILES_DIRS:
        raise InputError("没有页面所需的静态文件", where=str(settings.NODE_MODULES), do="运行 make setup")
    print(f"正常：{settings.MODE}，{connection.vendor}，{settings.HOME}")
    return 0
