"""A list that is stored as one canonical text, so that its digits and its hash are the same on both engines."""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from shuangkong.core.digest import canonical_json


class CanonicalField(models.TextField):
    """JSON with sorted keys and no blanks: a list or dictionary in Python, the same bytes in every database."""

    description = "canonical JSON as text"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        """The list or dictionary."""
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        """What a fixture gives."""
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        """The canonical text; a text is taken as canonical already."""
        return value if value is None or isinstance(value, str) else canonical_json(value)
