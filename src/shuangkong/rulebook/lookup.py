"""Which row answers: the nearest place as far as ``local`` allows, in force on a day, as known on a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from shuangkong.core.errors import NotInForce
from shuangkong.core.figures import RuleRow

from .parameters import Answer, Local, Parameter, Row, in_effect
from .places import NATION, chain

_NEAREST_SHOWN = 3


def find(parameter: Parameter, region: str, on: date, known_on: date | None) -> Answer:
    """The answer of ``parameter`` at the place ``region`` (a short code).

    Raises:
        NotInForce: no row may be used there on that day; names the nearest.
    """
    lapsed: Row | None = None
    seen: list[Row] = []
    for place in _places(parameter, region):
        rows = in_effect(parameter.rows.get(place, ()), known_on)
        seen += rows
        for row in rows:
            if row.applies(on):
                return _answer(parameter, row, lapsed)
        if rows and parameter.local is Local.REQUIRED:
            break
        lapsed = lapsed or _last_lapsed(rows, on)
    raise _not_in_force(parameter, region, on, known_on, seen)


def _places(parameter: Parameter, region: str) -> Sequence[str]:
    """The places to look at, nearest first. A required parameter is not answered from above for a place below."""
    places = chain(region)
    if parameter.region not in places:
        return ()
    above = places.index(parameter.region)
    if parameter.local is Local.FORBIDDEN:
        return (parameter.region,)
    if parameter.local is Local.REQUIRED and above > 0:
        return places[:above]
    return places[: above + 1]


def _last_lapsed(rows: Sequence[Row], on: date) -> Row | None:
    ended = [row for row in rows if row.applies_to is not None and row.applies_to <= on]
    return ended[-1] if ended else None


def _answer(parameter: Parameter, row: Row, lapsed: Row | None) -> Answer:
    warning = ""
    if lapsed is not None:
        warning = f"{lapsed.region} 的行“{lapsed.row}”已于 {lapsed.applies_to} 失效，改用上级的行“{row.row}”"
    shown = RuleRow(
        parameter.id, row.row, row.value, str(row.source), row.evidence, row.applies_from.isoformat(),
        row.applies_to.isoformat() if row.applies_to else "", warning, parameter.title, parameter.unit, row.region,
    )  # fmt: skip
    return Answer(row.value, parameter.unit, shown)


def _not_in_force(
    parameter: Parameter, region: str, on: date, known_on: date | None, seen: Iterable[Row]
) -> NotInForce:
    rows = sorted(seen, key=lambda row: _distance(row, on))[:_NEAREST_SHOWN]
    nearest = tuple(f"{row.row}（{row.span()}，{_short(row.value)} {parameter.unit}）" for row in rows)
    place = "全国" if region == NATION else f"地区 {region}"
    known = "" if known_on is None else f"（截至 {known_on} 已发布的）"
    return NotInForce(
        f"{parameter.title}在 {on} 没有可用的规定",
        where=f"参数 {parameter.id}，{place}{known}",
        why=f"最近的行：{'、'.join(nearest)}" if nearest else "该地没有登记任何一行",
        do="核对日期；确有规定的，在法规库或城市包中登记该行",
        nearest=nearest,
    )


def _short(value: str) -> str:
    return value if len(value) <= 40 else value[:40] + "…"


def _distance(row: Row, on: date) -> int:
    if on < row.applies_from:
        return (row.applies_from - on).days
    return (on - (row.applies_to or on)).days
