"""What templates ask of the static files is there, and look.css takes its colours from tokens.css."""

from __future__ import annotations

import re
from pathlib import Path

from shuangkong.apps.ui import navigation

APPS = Path(navigation.__file__).parents[1]
STATIC = APPS / "ui" / "static" / "ui"


def test_every_icon_used_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    used = {entry.icon for group in navigation.RAIL for entry in group.entries} | {entry.icon for entry in navigation.BOTTOM}
    for path in APPS.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'{% icon "([\w-]+)"', text)) | set(re.findall(r'icon_name="([\w-]+)"', text))
    assert used - sprite == set()


def test_every_token_used_is_defined_in_both_themes() -> None:
    tokens = (STATIC / "tokens.css").read_text(encoding="utf-8")
    light, dark = tokens.split('[data-bs-theme="dark"] {', 1)
    defined = set(re.findall(r"--sk-([\w-]+):", light))
    used = set(re.findall(r"var\(--sk-([\w-]+)", (STATIC / "look.css").read_text(encoding="utf-8")))
    assert used - defined == set()
    coloured = set(re.findall(r"--sk-([\w-]+):\s*(?:#|rgba)", light))
    assert coloured - set(re.findall(r"--sk-([\w-]+):", dark.split("}")[0])) == set()


def test_old_browsers_understand_the_styles() -> None:
    """Chromium 109 is the last for Windows 7: it knows no nesting, light-dark(), oklch(), color-mix() or popover."""
    for name in ("look.css", "tokens.css"):
        text = re.sub(r"/\*.*?\*/", "", (STATIC / name).read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"light-dark\(|oklch\(|oklab\(|color-mix\(|@scope|@starting-style|anchor\(|&:|&\s", text), name
    for path in STATIC.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\.toSorted\(|\.toReversed\(|\.with\(|Object\.groupBy|withResolvers|showPopover|import\(", text), path.name
