"""The strict content security policy, held in the templates: nothing inline, nothing from outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "shuangkong"
TEMPLATES = sorted(SOURCE.rglob("*.html"))
FAULTS = {
    "style attribute": re.compile(r"<[a-zA-Z][^>]*\sstyle\s*=", re.DOTALL),
    "style element": re.compile(r"<style[\s>]"),
    "inline script": re.compile(r"<script(?![^>]*\b(?:src|type=\"application/json\"))[^>]*>"),
    "event handler": re.compile(r"<[a-zA-Z][^>]*\son[a-z]+\s*=", re.DOTALL),
    "htmx code": re.compile(r"\shx-(?:on[:-]|vals=[\"']?js:)"),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "something from outside": re.compile(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//"),
}


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<p style="x">', "style attribute"), ("<style>", "style element"), ("<script>x</script>", "inline script"),
        ('<a onclick="x">', "event handler"), ('<a hx-on:click="x">', "htmx code"), ('<a href="javascript:x">', "javascript address"),
        ('<script src="https://x/y.js">', "something from outside"),
    ],
)
def test_a_fault_is_recognised(html: str, fault: str) -> None:
    assert [name for name, pattern in FAULTS.items() if pattern.search(html)] == [fault]


def test_a_good_line_has_no_fault() -> None:
    html = '<script src="{% static \'ui/x.js\' %}" defer></script><p class="text-muted" data-style="x">a on b = c</p>'
    assert [name for name, pattern in FAULTS.items() if pattern.search(html)] == []


def test_templates_keep_the_policy() -> None:
    found = []
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(SOURCE)}: {name}" for name, pattern in FAULTS.items() if pattern.search(text)]
    assert found == []
