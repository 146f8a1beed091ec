"""What a revision changed: the figures of one computation beside those that they replaced (accounting 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from shuangkong.apps.indicators import selectors
from shuangkong.apps.indicators.catalogue import ENTRIES
from shuangkong.apps.indicators.models import Indicator, Run
from shuangkong.apps.indicators.selectors import Effect
from shuangkong.apps.ui import figures
from shuangkong.core import wording

RUNS_SHOWN = 20
LINES_SHOWN = 300
#: Products, industries and sectors are left to the pages of their indicators.
_FAMILIES = {"intensity", "warning", "energy", "economy", "electricity", "carbon", "pollution"}
_CODES = tuple(entry.code for entry in ENTRIES if entry.family in _FAMILIES)


@dataclass(frozen=True, slots=True)
class Revised:
    """One figure that is another than before; ``difference`` in words, empty where one of the two is not known."""

    effect: Effect
    difference: str


@dataclass(frozen=True, slots=True)
class RevisionPage:
    """The runs that one may choose, the chosen one, and by indicator what it changed. ``more``: changes that are not listed."""

    runs: Sequence[Run]
    run: Run | None
    groups: Sequence[tuple[Indicator, list[Revised]]] = ()
    more: int = 0


def revision_page(user: Any, asked: str) -> RevisionPage:
    """What the run with the id ``asked`` changed, else the newest one; the first computation revised nothing."""
    published = list(Run.objects.filter(published_at__isnull=False).order_by("-id")[: RUNS_SHOWN + 1])
    runs = published[:-1] if len(published) <= RUNS_SHOWN else published[:RUNS_SHOWN]
    run = next((run for run in runs if str(run.pk) == asked), runs[0] if runs else None)
    if run is None:
        return RevisionPage(runs, None)
    effects = [effect for effect in selectors.revision_effect(user, run, _CODES) if effect.before is not None]
    shown = [Revised(effect, _difference(effect)) for effect in effects[:LINES_SHOWN]]
    groups = [(indicator, list(of)) for indicator, of in groupby(shown, key=lambda line: line.effect.value.indicator)]
    return RevisionPage(runs, run, groups, len(effects) - len(shown))


def _difference(effect: Effect) -> str:
    """+0.12万tce, −0.35个百分点; nothing for a level, which is words."""
    if effect.difference is None or effect.value.indicator.family == "warning":
        return ""
    screen = figures.screen_unit(effect.value.indicator)
    unit = "个百分点" if screen.unit == "%" else screen.unit
    return f"{wording.signed(figures.scaled(effect.difference, screen), screen.decimals)}{unit}"
