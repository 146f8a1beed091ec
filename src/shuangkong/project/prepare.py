"""What stands between an unpacked release and a served installation: the database's structure and the first people."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from shuangkong.apps.organisations import services as organisations


def prepare(mode: str) -> str:
    """Bring the installation up to date; the text tells its operator what is new."""
    migrate()
    return "\n".join(first_administrator()) if mode == "live" else ""


def migrate() -> None:
    """Run the migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def first_administrator() -> list[str]:
    """Make the first administrator of an installation that has nobody; the one-time password is shown only here."""
    made = organisations.create_first_administrator()
    if made is None:
        return []
    return ["首位系统管理员（口令只显示这一次，首次登录后必须修改）：", f"  用户名 {made.username}", f"  口令   {made.password}"]
