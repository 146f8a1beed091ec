"""Django's ``{% load i18n %}`` with one difference: a literal in ``{% translate "…" %}`` is looked up once for each language.

A page says some sixty fixed words; Django makes and resolves a lazy object for each of them each time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.template import Library
from django.template.base import Node, Parser, Token, Variable
from django.templatetags import i18n
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

register = Library()
register.tags.update(i18n.register.tags)
register.filters.update(i18n.register.filters)


class Words(Node):
    """A fixed text of a template in the language of the reader."""

    def __init__(self, text: str) -> None:
        self.text = text

    def render(self, context: Any) -> SafeString:
        """The text; nothing in it is escaped, as the template wrote it."""
        return _translated(self.text, get_language())


@lru_cache(maxsize=8192)
def _translated(text: str, language: str) -> SafeString:
    return mark_safe(gettext(text.replace("%", "%%")).replace("%%", "%"))


@register.tag("translate")
@register.tag("trans")
def translate(parser: Parser, token: Token) -> Node:
    """As Django's; everything but a bare literal is left to it."""
    node = i18n.do_translate(parser, token)
    found = node.filter_expression
    bare = len(token.split_contents()) == 2 and not found.filters and isinstance(found.var, Variable)
    return Words(str(found.var.literal)) if bare and isinstance(found.var.literal, str) else node
