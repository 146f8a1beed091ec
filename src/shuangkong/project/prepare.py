"""What stands between an unpacked release and a served installation: the database's structure, the city's pack, the first people."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from shuangkong.apps.monitoring.models import Device
from shuangkong.apps.monitoring.services import collecting, registry
from shuangkong.apps.organisations import services as organisations
from shuangkong.project import demonstration_field
from shuangkong.project.installed import pack_folder
from shuangkong.project.packs.demonstration import SIGN_INS
from shuangkong.project.packs.loading import Loaded, install_packs
from shuangkong.series.devices import read_devices


def prepare(mode: str) -> str:
    """Bring the installation up to date; the text tells its operator what is new."""
    migrate()
    organisations.claim_installation(mode)
    said = load(mode)
    adopt_devices()
    if mode == "demonstration":
        demonstration_field.register(timezone.now())
    if mode == "live":
        said += first_administrator()
    return "\n".join(said)


def migrate() -> None:
    """Run the migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def load(mode: str) -> list[str]:
    """Put the installed packs in place, in the demonstration with what is invented; tells what changed and who can sign in."""
    demonstration = mode == "demonstration"
    done = install_packs(pack_folders(), now=timezone.now(), demonstration=demonstration)
    said = [line for loaded in done for line in _told(loaded)]
    return said + (sign_ins() if demonstration else [])


def adopt_devices() -> None:
    """Take over a device file that was written before the platform kept the registry; once it has devices, the registry alone counts."""
    if not Device.objects.unscoped("whether there is a registry").exists():
        registry.adopt(read_devices(collecting.store()))


def pack_folders() -> list[Path]:
    """The city's pack, and those that stand beside it for comparison."""
    beside = [Path(settings.PACKS_DIR) / name for name in settings.PACKS_BESIDE]
    return [pack_folder(), *(folder for folder in beside if folder.is_dir())]


def _told(loaded: Loaded) -> list[str]:
    changed = any(change.created or change.updated for change in loaded.changes.values())
    return [f"已装载 {loaded.pack.code}", *(f"  {line}" for line in loaded.lines())] if changed else []


def sign_ins() -> list[str]:
    """The sign-ins of the demonstration, made for this installation; they are kept in a file that only its operator reads."""
    kept = Path(settings.HOME) / SIGN_INS
    if not kept.exists():
        return []
    people = [line.split("\t") for line in kept.read_text(encoding="utf-8").splitlines() if line]
    lines = [f"  {username:<12} {password:<14} {name}" for username, password, name in people]
    return [f"演示账号（用户名、口令、身份；口令为本次安装随机生成，另存于 {os.path.relpath(kept)}）：", *lines]


def first_administrator() -> list[str]:
    """Make the first administrator of an installation that has nobody; the one-time password is shown only here."""
    made = organisations.create_first_administrator()
    if made is None:
        return []
    return ["首位系统管理员（口令只显示这一次，首次登录后必须修改）：", f"  用户名 {made.username}", f"  口令   {made.password}"]
