"""Django's ``{% load i18n %}`` with one difference: literals and plain sentences are looked up once for each language.

A page says some sixty fixed words and ten sentences; Django makes and resolves a lazy object for each word each time, and puts
each sentence together anew before it looks it up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.template import Library
from django.template.base import Node, Parser, Token, Variable, render_value_in_context
from django.templatetags import i18n
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from shuangkong.apps.ui.words import language, said

register = Library()
register.tags.update(i18n.register.tags)
register.filters.update(i18n.register.filters)


class Words(Node):
    """A fixed text of a template in the language of the reader."""

    def __init__(self, text: str) -> None:
        self.text = text

    def render(self, context: Any) -> SafeString:
        """The text; nothing in it is escaped, as the template wrote it."""
        return _translated(self.text, language())


@lru_cache(maxsize=8192)
def _translated(text: str, language: str) -> SafeString:
    return mark_safe(gettext(text.replace("%", "%%")).replace("%%", "%"))


class Sentence(Node):
    """A ``{% blocktranslate %}`` without plural, context or name: names in it are filled each time."""

    def __init__(self, node: i18n.BlockTranslateNode) -> None:
        self.node = node
        self.text, self.names = node.render_token_list(node.singular)

    def render(self, context: Any) -> str:
        """The sentence; what Django has a way out for is left to Django."""
        given = {name: value.resolve(context) for name, value in self.node.extra_context.items()}
        try:
            values = {name: given[name] if name in given else context[name] for name in self.names}
            return said(self.text) % {name: render_value_in_context(value, context) for name, value in values.items()}
        except (KeyError, ValueError):
            return str(self.node.render(context))


@register.tag("blocktranslate")
@register.tag("blocktrans")
def blocktranslate(parser: Parser, token: Token) -> Node:
    """As Django's; what has a plural, a context or a name is left to it."""
    node = i18n.do_block_translate(parser, token)
    return node if node.plural or node.message_context or node.asvar else Sentence(node)


@register.tag("translate")
@register.tag("trans")
def translate(parser: Parser, token: Token) -> Node:
    """As Django's; everything but a bare literal is left to it."""
    node = i18n.do_translate(parser, token)
    found = node.filter_expression
    bare = len(token.split_contents()) == 2 and not found.filters and isinstance(found.var, Variable)
    return Words(str(found.var.literal)) if bare and isinstance(found.var.literal, str) else node
