"""Charts for documents: the same option that a page shows, drawn by ECharts in Node as PNG."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from shuangkong.core.errors import ShuangkongError

RENDERER = Path(__file__).parent / "node" / "render.mjs"
#: A chart takes well under a second; what takes longer than this for all of a document hangs.
TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Drawing:
    """One chart to draw: its ECharts ``option`` as data, its size in CSS pixels, and the maps that it names."""

    option: dict[str, Any]
    width: int = 720
    height: int = 360
    maps: dict[str, Any] = field(default_factory=dict)

    def as_line(self) -> str:
        """The request as one line for the renderer."""
        return json.dumps({"option": self.option, "width": self.width, "height": self.height, "maps": self.maps}, ensure_ascii=False)


def draw_png(drawings: Sequence[Drawing]) -> list[bytes]:
    """PNG files of ``drawings``, in order, at three times their CSS size for print.

    Raises:
        ShuangkongError: Node or the chart packages are missing, or a chart cannot be drawn.
    """
    environment = {**os.environ, "SHUANGKONG_NODE_MODULES": str(settings.NODE_MODULES)}
    try:
        done = subprocess.run(
            ["node", str(RENDERER)],
            input="\n".join(drawing.as_line() for drawing in drawings) + "\n",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT_SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ShuangkongError("图表画不出来", where="文书", why=str(error), do="核对服务器上的 Node 与 make setup") from error
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(drawings):
        raise ShuangkongError("图表画不出来", where="文书", why=done.stderr.strip()[-300:], do="运行 make setup 后再试")
    for answer in answers:
        if "error" in answer:
            raise ShuangkongError("图表画不出来", where="文书", why=answer["error"])
    return [base64.b64decode(answer["png"]) for answer in answers]
