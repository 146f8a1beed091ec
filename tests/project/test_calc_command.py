"""``shuangkong calc``: one JSON object or list, the exit codes, and messages that are sentences."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shuangkong import rulebook as rulebook_room
from shuangkong.project import installed
from shuangkong.project.cli import main

Calc = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def calc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Calc:
    monkeypatch.setattr(rulebook_room, "_installed", [])
    monkeypatch.delenv("SHUANGKONG_MODE", raising=False)

    def calc(*arguments: str) -> tuple[int, str, str]:
        code = main(["calc", *arguments])
        return code, *capsys.readouterr()

    return calc


def test_a_result_is_one_json_object_with_the_packs_region(calc: Calc) -> None:
    code, out, err = calc("run", "energy.progress", "--json", '{"cumulative_decline_percent": 4.23, "target_decline_percent": 16}')
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert {"id", "outputs", "status", "trace", "sources"} <= set(result)
    assert result["outputs"]["progress_percent"].startswith("24.789")
    assert result["trace"]["region"] == "4310"


def test_a_zone_is_its_city(calc: Calc) -> None:
    code, out, _ = calc("run", "carbon.electricity", "--json", '{"kwh": 1000, "year": 2023, "region": "CZ-HITECH"}')
    assert (code, json.loads(out)["outputs"]["factor"]) == (0, "0.4976")


def test_standard_input_and_a_list(calc: Calc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('[{"completion": 1}, {"completion": null}]'))
    code, out, _ = calc("run", "warning.by_completion", "--json", "-")
    results = json.loads(out)
    assert (code, results[0]["outputs"]["label"]) == (0, "0级")
    assert set(results[1]["error"]) >= {"what", "where", "why"}


def test_standard_input_that_is_no_text(calc: Calc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe"), encoding="utf-8"))
    code, out, err = calc("run", "warning.by_completion", "--json", "-")
    assert (code, out) == (2, "")
    assert "不是 UTF-8 文本" in err


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("energy.progress", "--json", "{"), 2, "不是 JSON"),
        (("energy.progress", "--json", "{}"), 2, "cumulative_decline_percent：缺少这个字段"),
        (("energy.nothing", "--json", "{}"), 2, "没有计算器“energy.nothing”"),
        (("energy.nothing", "--json", "[]"), 2, "没有计算器“energy.nothing”"),
        (("carbon.electricity", "--json", '{"kwh": 1, "year": 2024, "region": "43"}'), 3, "43-2023（2023-01-01 至 2024-01-01"),
    ],
)
def test_exit_codes(calc: Calc, arguments: tuple[str, ...], exit_code: int, words: str) -> None:
    code, out, err = calc("run", *arguments)
    assert (code, out) == (exit_code, "")
    assert words in err
    assert "Traceback" not in err


def test_list_and_show(calc: Calc) -> None:
    code, out, _ = calc("list", "--json")
    assert code == 0
    assert {"id", "titles", "basis", "applies_from", "applies_to"} <= set(json.loads(out)[0])
    assert "折标准煤" in calc("list")[1]
    shown = json.loads(calc("show", "energy.to_tce", "--json")[1])
    assert shown["inputs"]["required"] == ["items", "basis"]
    assert shown["outputs"]["properties"]["total_tce"]["type"] == "string"
    assert "Σ" in calc("show", "energy.to_tce")[1]
    assert calc("show", "x")[0] == 2


def test_the_reference_page(calc: Calc, tmp_path: Path) -> None:
    target = tmp_path / "new" / "calculators.md"
    assert calc("reference", "--output", str(target))[0] == 0
    assert target.read_text(encoding="utf-8") == (ROOT / "docs" / "reference" / "calculators.md").read_text(encoding="utf-8")
    assert calc("reference")[1].startswith("# Calculators")


def test_only_the_demonstration_reads_invented_rows(calc: Calc, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("run", "energy.to_tce", "--json", json.dumps(
        {"items": [{"product": "电力", "quantity": 1, "unit": "万千瓦时"}], "basis": "equivalent", "on": "2025-06-30"}
    ))  # fmt: skip
    code, _, err = calc(*arguments)
    assert code == 3
    assert "equivalent_coefficient" in err
    monkeypatch.setenv("SHUANGKONG_MODE", "demonstration")
    code, out, _ = calc(*arguments)
    assert (code, json.loads(out)["demonstration"]) == (0, True)


def test_without_a_pack_the_region_is_the_nation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rulebook_room, "_installed", [])
    monkeypatch.setenv("SHUANGKONG_PACKS", str(tmp_path))
    assert installed.install_rulebook().default_region == "cn"


def test_the_command_runs_as_a_module() -> None:
    done: Any = subprocess.run(
        [sys.executable, "-m", "shuangkong", "calc", "run", "energy.annual_rate", "--json", '{"target_decline_percent": 20, "years": 5}'],
        capture_output=True, text=True, check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert json.loads(done.stdout)["outputs"]["annual_decline_percent"].startswith("4.36475")
