"""What no linter of ours checks: sizes, names, clocks, decimals in the database, what committed files may name."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "shuangkong"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
LONGEST_MODULE = 600
FORBIDDEN_NAMES = {"utils", "common", "helpers", "util", "helper", "misc"}
CLOCK_ATTRIBUTES = {"now", "today", "utcnow", "localdate", "localtime", "time", "time_ns"}
CLOCK_OWNERS = {"datetime", "date", "timezone", "time", "dt"}

# What a committed file may not name: package registries and their mirrors, a machine's own folders.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org"), ("registry", "npmmirror", "com"),
        ("mirrors", "aliyun", "com"), ("tuna", "tsinghua"), ("deb", "debian", "org"), ("proxy", "golang", "org"),
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.$}/-])/(?:work|home|root|Users)/[\w.]")


def committed() -> list[Path]:
    """All files that git would hand to a clone, those not yet added too."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    """The committed files that are text."""
    for path in committed():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def clock_calls(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls in ``tree`` that read a clock."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_ATTRIBUTES:
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if name in CLOCK_OWNERS:
                yield node


def test_no_module_is_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_module_is_a_drawer_for_anything() -> None:
    assert [path for path in MODULES if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES] == []


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("timezone.now()", 1), ("datetime.datetime.now()", 1), ("date.today()", 1), ("time.time()", 1), ("datetime.date.today()", 1),
        ("Now()", 0), ("request.now", 0), ("period.today()", 0), ("time.monotonic()", 0), ("time.sleep(1)", 0),
    ],
)
def test_a_clock_call_is_recognised(code: str, reads: int) -> None:
    assert len(list(clock_calls(ast.parse(code)))) == reads


def test_only_project_reads_the_clock() -> None:
    """The default of ``on`` in calculators is the one exception; it stands in one module."""
    allowed = {SOURCE / "calculators" / "runner.py"}
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in MODULES
        if not path.is_relative_to(SOURCE / "project") and path not in allowed
        for call in clock_calls(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_no_model_keeps_decimals_or_floats() -> None:
    """Quantities are exact integers; SQLite would keep a decimal as a float."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("shuangkong.")]
    wrong = [
        f"{model.__name__}.{field.name}"
        for model in ours
        for field in model._meta.get_fields()
        if isinstance(field, models.DecimalField | models.FloatField)
    ]
    assert len(ours) > 5
    assert wrong == []


def test_no_committed_file_names_a_registry() -> None:
    assert [f"{path.relative_to(ROOT)}: {host}" for path, text in texts() for host in REGISTRY_HOSTS if host in text] == []


def test_no_committed_file_names_a_folder_of_a_machine() -> None:
    found = {path: match.group() for path, text in texts() if path != Path(__file__) and (match := MACHINE_PATHS.search(text))}
    assert found == {}


def test_every_public_name_of_the_pure_rooms_is_typed() -> None:
    """mypy strict holds the rest; here: the rooms it is told to hold are all of the pure rooms."""
    told = re.search(r"^packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert told is not None
    rooms = {room for room in ("core", "rulebook", "hj212", "calculators") if (SOURCE / room).is_dir()}
    assert rooms <= {name.strip(' "').removeprefix("shuangkong.") for name in told.group(1).split(",")}


def test_the_code_knows_no_city() -> None:
    """All that is one city's stands in its pack; the name of the pack that is taken by default is said in two places."""
    allowed = {SOURCE / "project" / "settings.py", SOURCE / "project" / "installed.py"}
    found = [
        str(path.relative_to(ROOT))
        for path, text in texts()
        if path.is_relative_to(SOURCE) and path not in allowed and re.search("郴州|chenzhou", text, re.IGNORECASE)
    ]
    assert found == []


def test_the_locks_hold_what_is_declared() -> None:
    """What ``pyproject.toml`` and ``package.json`` ask for is pinned in the lock files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for lock, asked in (("requirements.lock", [*project["dependencies"], *extras["dev"]]), ("requirements-spark.lock", extras["spark"])):
        names = {re.split(r"[\[<>=;~ ]", item)[0].lower().replace("_", "-") for item in asked}
        pinned = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))
        assert names - pinned == set(), lock
    assert "pyspark" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for part in ("dependencies", "devDependencies"):
        assert package[part] == locked[""][part]
        assert package[part] == {name: locked[f"node_modules/{name}"]["version"] for name in package[part]}
