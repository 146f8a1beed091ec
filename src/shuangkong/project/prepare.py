"""What stands between an unpacked release and a served installation: the database's structure, the city's pack, the first people."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from shuangkong.apps.organisations import services as organisations
from shuangkong.project.installed import pack_folder
from shuangkong.project.packs.loading import load_pack


def prepare(mode: str) -> str:
    """Bring the installation up to date; the text tells its operator what is new."""
    migrate()
    said = load()
    if mode == "live":
        said += first_administrator()
    return "\n".join(said)


def migrate() -> None:
    """Run the migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def load() -> list[str]:
    """Put the installed pack in place; what changed, nothing when it was there already."""
    loaded = load_pack(pack_folder())
    changed = any(change.created or change.updated for change in loaded.changes.values())
    return [f"已装载 {pack_folder().name}", *(f"  {line}" for line in loaded.lines())] if changed else []


def first_administrator() -> list[str]:
    """Make the first administrator of an installation that has nobody; the one-time password is shown only here."""
    made = organisations.create_first_administrator()
    if made is None:
        return []
    return ["首位系统管理员（口令只显示这一次，首次登录后必须修改）：", f"  用户名 {made.username}", f"  口令   {made.password}"]
