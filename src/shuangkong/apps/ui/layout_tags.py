"""Django's ``extends``, ``block``, ``include`` and ``url``, deciding once what is the same for every rendering.

Which template a literal name means, which block of a chain of templates wins, and what address a view without arguments has, Django
finds out anew on each page: a third of the time of rendering a page of many small parts. Whatever is not plain (a name in a
variable, ``only``, ``block.super``, arguments) is left to Django.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template import Library
from django.template.base import FilterExpression, Parser, Template, TextNode, Token
from django.template.defaulttags import CycleNode, IfChangedNode, URLNode, url
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockNode, ExtendsNode, IncludeNode, do_block, do_extends, do_include
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape

register = Library()
#: Under this name the winning blocks of a chain stand in the context of the rendering.
_WINNERS = "winning_blocks"
#: Parts that keep something for the time of one rendering of their template.
_OWN_RENDERING = (BlockNode, ExtendsNode, CycleNode, IfChangedNode)


def _literal(expression: FilterExpression) -> str:
    """The text of a literal; empty for anything else."""
    return expression.var if isinstance(expression.var, str) and not expression.filters else ""


class Block(BlockNode):
    """A block that knows which of its namesakes wins."""

    def render(self, context: Any) -> str:
        """The winner, in a scope of its own."""
        winners = context.render_context.get(_WINNERS)
        if winners is None:
            return str(super().render(context))
        with context.push():
            return str(winners.get(self.name, self).nodelist.render(context))


class Extends(ExtendsNode):
    """A template that lays blocks over a parent with a literal name."""

    #: The root of the chain and the winning blocks; None: not looked for yet, empty: Django's matter.
    chain: tuple[Any, ...] | None = None

    def render(self, context: Any) -> str:
        """The root with the blocks that win."""
        if BLOCK_CONTEXT_KEY in context.render_context:  # laid over by one that was left to Django
            return str(super().render(context))
        if self.chain is None:
            self.chain = self._chain(context)
        if not self.chain:
            return str(super().render(context))
        root, winners = self.chain
        context.render_context[_WINNERS] = winners
        return str(root._render(context))

    def _chain(self, context: Any) -> tuple[Any, ...]:
        winners: dict[str, BlockNode] = {}
        node: Any = self
        while isinstance(node, Extends) and _literal(node.parent_name):
            winners = {**node.blocks, **winners}
            parent = node.get_parent(context)
            node = next((one for one in parent.nodelist if not isinstance(one, TextNode)), None)
            if not isinstance(node, ExtendsNode):
                return parent, winners
        if self.context_key in context.render_context:
            del context.render_context[self.context_key]  # Django begins anew
        return ()


class Include(IncludeNode):
    """An included template with a literal name."""

    #: The template, once found; False: it has parts that need a rendering of its own, which is Django's matter.
    found: Template | bool | None = None

    def render(self, context: Any) -> str:
        """The template in a scope of its own."""
        if self.found is None:
            found = context.template.engine.get_template(_literal(self.template))
            self.found = False if found.nodelist.get_nodes_by_type(_OWN_RENDERING) else found
        if not self.found:
            return str(super().render(context))
        with context.push(**{name: value.resolve(context) for name, value in self.extra_context.items()}):
            return str(self.found._render(context))


class Way(URLNode):
    """The address of a view without arguments."""

    def render(self, context: Any) -> str:
        """The address, escaped."""
        at = getattr(getattr(context, "request", None), "resolver_match", None)
        urls = get_urlconf() or settings.ROOT_URLCONF
        found = _address(_literal(self.view_name), at.namespace if at else None, get_script_prefix(), urls)
        return conditional_escape(found) if context.autoescape else found


@lru_cache(maxsize=1024)
def _address(view: str, app: str | None, prefix: str, urlconf: str) -> str:
    return reverse(view, current_app=app)


@register.tag("block")
def block(parser: Parser, token: Token) -> BlockNode:
    """As Django's."""
    node = do_block(parser, token)
    return Block(node.name, node.nodelist)


@register.tag("extends")
def extends(parser: Parser, token: Token) -> ExtendsNode:
    """As Django's; a template that asks for ``block.super`` is left to it."""
    asks = any("block." in part.contents for part in parser.tokens)
    node = do_extends(parser, token)
    return node if asks else Extends(node.nodelist, node.parent_name)


@register.tag("include")
def include(parser: Parser, token: Token) -> IncludeNode:
    """As Django's; a name in a variable and ``only`` are left to it."""
    node = do_include(parser, token)
    plain = _literal(node.template) and not node.isolated_context
    return Include(node.template, extra_context=node.extra_context) if plain else node


@register.tag("url")
def way(parser: Parser, token: Token) -> URLNode:
    """As Django's; an address with arguments or kept under a name is left to it."""
    node = url(parser, token)
    plain = _literal(node.view_name) and not (node.args or node.kwargs or node.asvar)
    return Way(node.view_name, node.args, node.kwargs, node.asvar) if plain else node
