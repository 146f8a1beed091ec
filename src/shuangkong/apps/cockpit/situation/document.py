"""The frozen report as a Word document: the template filled in a sandbox, charts drawn as pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.conf import settings
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2.sandbox import SandboxedEnvironment

from shuangkong.apps.cockpit.situation.template import TEMPLATE, TEXT_WIDTH_MM
from shuangkong.apps.ui.documents import Drawing, draw_png


def template_path() -> Path:
    """The city's own template where its pack has one, else the platform's."""
    own = settings.PACKS_DIR / settings.PACK / "templates" / "situation.docx"
    return own if own.is_file() else TEMPLATE


def render_docx(frozen: dict[str, Any]) -> bytes:
    """``frozen`` (see :func:`.compose.compose`) as the bytes of a ``.docx``.

    Text goes in escaped: a name with ``<`` or ``{{`` stays what it is.
    """
    document = DocxTemplate(str(template_path()))
    charts = [block for block in frozen["blocks"] if block["kind"] == "chart"]
    pictures = iter(draw_png([Drawing(block["option"], block["width"], block["height"], block.get("maps", {})) for block in charts]))
    blocks = [
        {**block, "picture": InlineImage(document, io.BytesIO(next(pictures)), width=Mm(TEXT_WIDTH_MM))}
        if block["kind"] == "chart"
        else block
        for block in frozen["blocks"]
    ]
    document.render({**frozen, "blocks": blocks}, jinja_env=SandboxedEnvironment(autoescape=True), autoescape=True)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
