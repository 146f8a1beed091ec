"""Template tags of indicators: how an axis and a table write periods, and where the series of a place stands."""

from __future__ import annotations

from django import template

from shuangkong.apps.indicators import drawing

register = template.Library()
register.filter("short_label", drawing.short_label)
register.filter("kind_words", drawing.kind_words)
