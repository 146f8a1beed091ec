"""What an answer says, whatever its shape: pages, JSON, the parts of workbooks and documents, names of downloads, addresses."""

from __future__ import annotations

import html
import io
import re
import zipfile
from typing import Any
from urllib.parse import unquote

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_GROUPED = re.compile(r"(?<=\d)[,，\u2009\u202f\u00a0](?=\d{3})")
_HEADERS = ("Content-Disposition", "Location", "HX-Redirect", "HX-Trigger", "Link")


def body_of(answer: Any) -> bytes:
    """The bytes of an answer, streamed or not."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def unpacked(content: bytes) -> str:
    """The text of a body; of a zip (xlsx, docx) that of all its parts."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return "\n".join(f"{name}\n{unpacked(package.read(name))}" for name in package.namelist())


def said(answer: Any) -> str:
    """Everything that the answer says, numbers without separators."""
    headers = " ".join(unquote(answer.get(name, "")) for name in _HEADERS)
    text = html.unescape(f"{headers}\n{unpacked(body_of(answer))}")
    return _GROUPED.sub("", _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text))
