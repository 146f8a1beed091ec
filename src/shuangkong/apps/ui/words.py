"""Words of the screens in the language of the reader, looked up once for each language.

Use ``said`` and ``said_lazy`` as ``gettext`` and ``gettext_lazy`` where a page says many words: Django asks every catalogue anew for
each of them.
"""

from __future__ import annotations

from functools import cache, lru_cache

from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext


def language() -> str:
    """The language of the reader; an installation that speaks one language has no other."""
    return only_language() or get_language()


@cache
def only_language() -> str:
    """The one language of the installation; empty where there are several."""
    return settings.LANGUAGES[0][0] if len(settings.LANGUAGES) == 1 else ""


def said(text: str) -> str:
    """``text`` in the language of the reader."""
    return _said(text, language())


@lru_cache(maxsize=8192)
def _said(text: str, language: str) -> str:
    return gettext(text)


said_lazy = lazy(said, str)
