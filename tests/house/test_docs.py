"""The documentation: links lead somewhere, every decision is listed, what it tells to type exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from shuangkong.project.packs.format import TABLES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_links_lead_somewhere() -> None:
    links = [(page, link) for page in PAGES for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert len(links) > 20
    assert [f"{page.relative_to(ROOT)} → {link}" for page, link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("folder", ["adr", "how-to"])
def test_every_page_of_a_folder_is_listed(folder: str) -> None:
    index = (ROOT / "docs" / folder / "README.md").read_text(encoding="utf-8")
    pages = sorted((ROOT / "docs" / folder).glob("[!R]*.md"))
    assert [page.name for page in pages if f"({page.name})" not in index] == []


def test_a_decision_says_what_why_and_what_it_costs() -> None:
    for page in sorted((ROOT / "docs" / "adr").glob("0*.md")):
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]} "), page.name
        assert all(word in text for word in ("**Decided.**", "**Why.**", "**Costs.**")), page.name


def test_make_targets_of_the_documentation_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    call = re.compile(r"(?:^|`)(?:[A-Z_]+=\S+ )?make ([a-z]+(?:-[a-z]+)*)", re.MULTILINE)
    said = {word for page in PAGES for word in call.findall(page.read_text(encoding="utf-8"))}
    assert {"run", "test"} <= said
    assert said <= targets


def test_settings_of_the_readme_are_those_of_the_code() -> None:
    code = "".join((ROOT / "src/shuangkong/project" / name).read_text(encoding="utf-8") for name in ("settings.py", "run_command.py"))
    used = set(re.findall(r"SHUANGKONG_[A-Z_]+", code)) - {"SHUANGKONG_SECRET_KEY", "SHUANGKONG_NODE_MODULES", "SHUANGKONG_"}
    for name in ("README.md", "README.zh-CN.md"):
        assert set(re.findall(r"`(SHUANGKONG_[A-Z_]+)`", (ROOT / name).read_text(encoding="utf-8"))) >= used, name


def test_samples_run() -> None:
    """Each ``sh`` sample that is a plain call of the command ends well, run from the repository's root."""
    samples = [
        line.removeprefix(".venv/bin/")
        for page in PAGES
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        for line in block.splitlines()
        if line.startswith(".venv/bin/shuangkong ")
    ]
    assert samples
    for sample in samples:
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(sample)], cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
            capture_output=True, text=True, timeout=120,
        )
        assert done.returncode == 0, f"{sample}: {done.stderr}"


def test_the_page_on_cities_lists_the_tables_of_the_format() -> None:
    text = (ROOT / "docs/how-to/add-a-city.md").read_text(encoding="utf-8")
    row = re.compile(r"^\| `([a-z_]+)(?:/|\.csv)`.*\| ([^|]+) \|$", re.MULTILINE)
    rows = {found[1]: found[2] for found in row.finditer(text)}
    for table in TABLES:
        assert rows.get(table.name, "").replace("?", "").split() == list(table.names), table.name


def test_files_that_the_documentation_names_exist() -> None:
    """Folders and files in backticks; ``packs/NAME`` and the like are patterns."""
    name = re.compile(r"`((?:src|tests|docs|packs|bench)/[\w/.-]+)`")
    named = {(page, path) for page in PAGES for path in name.findall(page.read_text(encoding="utf-8"))}
    assert len(named) > 8
    assert [f"{page.relative_to(ROOT)}: {path}" for page, path in named if "NAME" not in path and not (ROOT / path).exists()] == []
