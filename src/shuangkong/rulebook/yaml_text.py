"""Strict YAML: every scalar stays the text that was written, a key stands once, and the top is a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from shuangkong.core.errors import RulebookError


class _TextLoader(yaml.CBaseLoader):
    """The C parser without guessing: ``0.3000``, ``2021-04-01`` and ``no`` are texts. A repeated key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"键“{key.value}”写了两次", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read(path: Path, shown: str) -> dict[str, Any]:
    """The mapping in the file at ``path``; ``shown`` names the file in messages.

    Raises:
        RulebookError: no YAML, a key twice, or not a mapping.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _TextLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RulebookError("不是可读的 YAML", where=shown, why=" ".join(str(error).split())) from None
    if not isinstance(content, dict):
        raise RulebookError("文件最外层应是键值", where=shown)
    return content
