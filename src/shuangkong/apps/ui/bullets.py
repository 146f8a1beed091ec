"""The bullet bar as SVG: fill = done, upright = required by now, end mark = target, whisker = forecast interval.

Drawn with attributes only, because the content security policy allows no style attribute.
"""

from __future__ import annotations

from decimal import Decimal
from html import escape

from django.utils.safestring import SafeString, mark_safe

from shuangkong.apps.ui.words import said as _
from shuangkong.core.wording import number

#: The bar shows up to this many percent of the target; the target stands at 100.
SCALE = 110


def bullet(
    done_percent: Decimal | None,
    required_percent: Decimal | None = None,
    css: str = "",
    tall: bool = False,
    forecast_percent: tuple[Decimal, Decimal] | None = None,
) -> SafeString:
    """A bullet bar with its text alternative; without ``done_percent`` it is hatched and says 缺报."""
    words = [_("完成%s%%") % number(done_percent, 1) if done_percent is not None else _("缺报")]
    if required_percent is not None:
        words.append(_("应达到%s%%") % number(required_percent, 1))
    shapes = ['<rect class="all" x="0" y="5" width="100" height="8"/>', '<path class="aim" d="M100 5V13"/>']
    if done_percent is not None:
        shapes.append(f'<rect class="did" x="0" y="5" width="{_within(done_percent)}" height="8"/>')
    if required_percent is not None:
        shapes.append(f'<path class="due" d="M{_within(required_percent)} 1V17"/>')
    if forecast_percent is not None:
        low, high = map(_within, forecast_percent)
        shapes.append(f'<path class="whisker" d="M{low} 5V13M{high} 5V13M{low} 9H{high}"/>')
        words.append(_("预测%(low)s%%至%(high)s%%") % {"low": number(forecast_percent[0], 1), "high": number(forecast_percent[1], 1)})
    classes = " ".join(part for part in ("bul", css, "tall" if tall else "", "na" if done_percent is None else "") if part)
    label = escape("，".join(words))
    opening = f'<svg class="{classes}" viewBox="0 0 {SCALE} 18" preserveAspectRatio="none" role="img" aria-label="{label}">'
    return mark_safe(f"{opening}{''.join(shapes)}</svg>")


def _within(percent: Decimal) -> str:
    """The place on the bar, held inside it."""
    return f"{min(max(percent, Decimal(0)), Decimal(SCALE)):.2f}"
