"""The functions that turn an option into a drawing: named formatters, tokens, and the refusal of what they do not know."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shuangkong.apps.ui import charts

CORE = Path(charts.__file__).parent / "static" / "ui" / "chart_core.js"
LOOK = "{ color: (name) => 'colour of ' + name, hatch: () => 'pattern', font: 'a font', narrow: %s, unit: '%%' }"


def run(expression: str, narrow: bool = False) -> Any:
    """The value of a JavaScript ``expression`` with the core loaded and ``look`` at hand."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    look = LOOK % str(narrow).lower()
    script = f"await import({json.dumps(CORE.as_uri())}); const look = {look}; console.log(JSON.stringify({expression}));"
    done = subprocess.run([node, "--input-type=module", "-e", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_tokens_patterns_and_the_font_become_values() -> None:
    option = json.dumps({"a": ["@c1", "@hatch", "@font", "plain", 3, None], "b": {"color": "@ink-3"}})
    assert run(f"skCharts.resolve({option}, look)") == {
        "a": ["colour of c1", "pattern", "a font", "plain", 3, None],
        "b": {"color": "colour of ink-3"},
    }


def test_numbers_are_written_as_python_writes_them() -> None:
    calls = "[skCharts.number(10500, 0), skCharts.number(-3.05, 2), skCharts.number(-0.001, 2), skCharts.number(1234567.891, 1)]"
    assert run(calls) == ["10,500", "−3.05", "0.00", "1,234,567.9"]


def test_axis_labels_are_percent_and_thin_out_on_a_phone() -> None:
    percent = "['fn:percent'].map((f) => skCharts.resolve(f, look)).flatMap((f) => [f(12), f(2.5)])"
    assert run(percent) == ["12%", "2.5%"]
    every = "[0, 3, 7].map((i) => skCharts.resolve('fn:every4', look)(i))"
    assert run(every) == [False, True, True]
    assert run(every, narrow=True) == [False, False, True]


def test_every_function_of_a_real_chart_is_known() -> None:
    chart = charts.line_chart(["2026年3月"], [charts.Line("实绩", [None])], "全市", zero=True, every=4)
    kinds = f"Object.keys(skCharts.resolve({json.dumps(chart.option)}, look)).length"
    assert run(kinds) == len(chart.option)


def test_an_unknown_function_is_refused() -> None:
    caught = "(() => { try { skCharts.resolve('fn:nothing', look); } catch (error) { return error.message; } })()"
    assert "fn:nothing" in run(caught)
