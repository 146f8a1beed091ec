"""``pack check`` names file, row, column and reason of each fault; another city is another pack, with no code changed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from shuangkong.apps.indicators.models import Target
from shuangkong.apps.organisations import selectors as organisations
from shuangkong.apps.plans import selectors as plans
from shuangkong.apps.plans.services import current_book, current_rulebook
from shuangkong.core.errors import InputError
from shuangkong.project import cli
from shuangkong.project.packs.checking import check_pack
from shuangkong.project.packs.format import TABLES
from shuangkong.project.packs.loading import load_pack
from shuangkong.project.packs.reading import PackError

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
FOLDER = Path(__file__).resolve().parents[1] / "packs"
SMALL = FOLDER / "yunhe"
MISTAKES = yaml.safe_load((FOLDER / "mistakes.yaml").read_text(encoding="utf-8"))


def mistaken(case: dict[str, Any], folder: Path) -> Path:
    """A copy of the small pack with one mistake."""
    pack = Path(shutil.copytree(SMALL, folder / "yunhe"))
    path = pack / case["file"]
    if case.get("remove"):
        path.unlink()
        return pack
    text = case.get("whole") or path.read_text(encoding="utf-8")
    if "old" in case:
        assert text.count(case["old"]) == 1
        text = text.replace(case["old"], case["new"])
    path.write_bytes(text.encode(case.get("encoding", "utf-8")))
    return pack


def test_the_small_pack_has_no_fault() -> None:
    assert check_pack(SMALL)[1] == []


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case["name"])
def test_each_mistake_is_named(case: dict[str, Any], tmp_path: Path) -> None:
    faults = [str(fault) for fault in check_pack(mistaken(case, tmp_path))[1]]
    assert any(fault == case["fault"] or fnmatchcase(fault, case["fault"]) for fault in faults), faults


def test_all_faults_are_listed_not_only_the_first(tmp_path: Path) -> None:
    pack = Path(shutil.copytree(SMALL, tmp_path / "yunhe"))
    rows = ("plan,clause,department,role", "yh-14,9,police,help", "yh-14,1,drc,lead", "yh-14,1,drc,lead", "")
    (pack / "duties.csv").write_text("\n".join(rows), encoding="utf-8")
    faults = [(fault.line, fault.column) for fault in check_pack(pack)[1]]
    assert faults == [(2, "role"), (2, "clause"), (2, "department"), (4, "plan+clause+department+role")]


def test_what_excel_writes_is_read(tmp_path: Path) -> None:
    pack = Path(shutil.copytree(SMALL, tmp_path / "yunhe"))
    for path in pack.glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").join([b"\xef\xbb\xbf", b""]))
    assert check_pack(pack)[1] == []


def test_a_folder_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match="没有数据包目录“nowhere”"):
        check_pack(Path("nowhere"))


def test_a_faulty_pack_is_not_loaded(db: None, tmp_path: Path) -> None:
    pack = mistaken(next(case for case in MISTAKES if case["name"] == "encoding"), tmp_path)
    with pytest.raises(PackError, match="数据包有"):
        load_pack(pack, now=NOW)
    assert organisations.city() is None


def test_the_command_prints_faults_and_says_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["pack", "check", str(SMALL)]) == 0
    assert "0 处错误" in capsys.readouterr().out
    case = next(case for case in MISTAKES if case["name"] == "bad date")
    assert cli.main(["pack", "check", str(mistaken(case, tmp_path))]) == 1
    printed = capsys.readouterr().out
    assert case["fault"] in printed
    assert "1 处错误" in printed


@pytest.fixture
def installed_small_pack(db: None, settings: Any) -> Iterator[None]:
    shown = settings.PACKS_DIR, settings.PACK
    settings.PACKS_DIR, settings.PACK = FOLDER, "yunhe"
    yield
    settings.PACKS_DIR, settings.PACK = shown
    current_rulebook()


def test_another_city_is_another_pack(installed_small_pack: None) -> None:
    load_pack(SMALL, now=NOW)
    city = organisations.city()
    assert city is not None
    assert (city.name, [county.name for county in organisations.counties()]) == ("云河市", ["东岸区", "西岸县"])
    plan = plans.plan_of_year(2023)
    assert plan is not None
    assert [[duty.department.short_name for duty in clause.duties.all()] for clause in plans.clauses(plan)] == [
        ["云河市发改委", "云河市生态环境局"],
        ["云河市生态环境局"],
    ]
    assert Target.objects.unscoped("test").get(indicator__code="energy_intensity_decline_percent").number == Decimal(14)
    assert current_book().at("energy.electricity_equivalent", "999901", date(2022, 6, 1)).number == Decimal("0.3011")


def test_the_guide_names_every_table_and_column(repository: Path) -> None:
    guide = (repository / "docs" / "how-to" / "add-a-city.md").read_text(encoding="utf-8")
    for table in TABLES:
        row = re.search(rf"^\| `{table.name}(?:\.csv|/)`.*\|([^|]*)\|$", guide, re.MULTILINE)
        assert row is not None, table.name
        written = row[1].split()
        assert written == [column.name + ("" if column.required else "?") for column in table.columns]


def test_the_command_of_the_guide_works(repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (repository / "docs" / "how-to" / "add-a-city.md").read_text(encoding="utf-8")
    command = re.search(r"shuangkong (pack check \S+)", guide)
    assert command is not None
    monkeypatch.chdir(repository)
    assert cli.main(command[1].split()) == 0
    assert capsys.readouterr().out.strip().endswith("0 处错误")
