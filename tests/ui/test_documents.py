"""Charts for documents: drawn without a browser, with Chinese text where labels stand."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from shuangkong.apps.ui.documents import Drawing, draw_png
from shuangkong.core.errors import ShuangkongError

OPTION = {
    "grid": {"left": 60, "right": 20, "top": 20, "bottom": 60},
    "xAxis": {"type": "category", "data": ["北湖区", "苏仙区", "资兴市"], "axisLabel": {"fontSize": 16, "color": "#000000"}},
    "yAxis": {"type": "value", "show": False},
    "series": [{"type": "bar", "data": [1, 2, 3], "itemStyle": {"color": "#1c5cab"}}],
}


def _grey(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_labels_leave_dark_pixels_where_they_stand() -> None:
    drawn, bare = draw_png([Drawing(OPTION), Drawing({**OPTION, "xAxis": {**OPTION["xAxis"], "data": ["", "", ""]}})])
    strip = slice(-150, -60)
    with_labels, without = (int((_grey(png)[strip] < 100).sum()) for png in (drawn, bare))
    assert without == 0
    assert with_labels > 1000


def test_an_option_that_cannot_be_drawn_says_so() -> None:
    with pytest.raises(ShuangkongError, match="图表画不出来"):
        draw_png([Drawing({"series": [{"type": "map", "map": "nowhere"}]})])


def test_the_renderer_ends_by_itself() -> None:
    code = "from shuangkong.apps.ui.documents import *; print(len(draw_png([Drawing({'series': []})] * 3)))"
    program = f"import django; django.setup(); {code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=_environment(), check=True)
    assert done.stdout.strip() == "3"


def _environment() -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "shuangkong.project.settings", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
