"""Writes the sprite of icons ``ui/static/ui/icons.svg`` from the package ``@tabler/icons``: only the ones that pages use.

Run after adding a name: ``.venv/bin/python tools/make_icons.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "node_modules" / "@tabler" / "icons" / "icons" / "outline"
SPRITE = ROOT / "src" / "shuangkong" / "apps" / "ui" / "static" / "ui" / "icons.svg"

#: Names in the package.
NAMES: list[str] = """
adjustments alert-triangle arrow-back-up arrow-left arrows-sort bell book building building-factory calculator calendar certificate
chart-line check chevron-down chevron-left chevron-right chevron-up circle-x clipboard-check coin columns copy device-desktop dots
download external-link eye eye-off file-check file-spreadsheet file-text filter gauge gavel help-circle history home inbox
info-circle key license link list-check list-details lock logout map-2 menu-2 message moon pencil player-stop plus printer refresh
report-analytics scale search settings shield-check sitemap sort-ascending sort-descending sun table trash upload user users
wave-sine world x
""".split()  # noqa: SIM905


def symbol(name: str) -> str:
    """One ``<symbol>`` with the paths of the icon ``name``."""
    text = (SOURCE / f"{name}.svg").read_text(encoding="utf-8")
    body = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
    if body is None:
        raise SystemExit(f"{name}: no drawing in the package")
    paths = [line.strip() for line in body[1].strip().splitlines() if 'stroke="none"' not in line]
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        f' stroke-linecap="round" stroke-linejoin="round">{"".join(paths)}</symbol>'
    )


def main() -> None:
    """Write the file."""
    SPRITE.write_text('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(map(symbol, NAMES)) + "\n</svg>\n", encoding="utf-8")


if __name__ == "__main__":
    main()
