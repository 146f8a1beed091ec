"""Drafts to checked parameters: one declaration each, no overlap, no undeclared gap, and ``local`` obeyed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from .parameters import Gap, Local, Parameter, Row, Shape, in_effect
from .places import NATION, chain
from .reading import Draft, declared, fault, gaps_of, row_of


def parameters_of(drafts: Sequence[Draft]) -> dict[str, Parameter]:
    """Every parameter by id, checked.

    Raises:
        RulebookError: naming file, parameter, row and reason.
    """
    declarations: dict[str, Draft] = {}
    for draft in drafts:
        if draft.declaration:
            if draft.id in declarations:
                fault(f"参数已在 {declarations[draft.id].file} 声明", draft.file, draft.id)
            declarations[draft.id] = draft
    by_id: dict[str, list[Draft]] = {}
    for draft in drafts:
        if draft.id not in declarations:
            fault("没有声明过的参数（声明要有 title）", draft.file, draft.id)
        by_id.setdefault(draft.id, []).append(draft)
    return {name: _parameter(declarations[name], by_id[name]) for name in sorted(declarations)}


def _parameter(declaration: Draft, drafts: Iterable[Draft]) -> Parameter:
    title, unit, local, shape = declared(declaration)
    rows: dict[str, list[Row]] = {}
    gaps: dict[str, list[Gap]] = {}
    for draft in drafts:
        rows.setdefault(draft.region, []).extend(row_of(stated, draft, shape) for stated in draft.rows)
        gaps.setdefault(draft.region, []).extend(gaps_of(draft))
    parameter = Parameter(
        declaration.id, title, unit, local, shape, declaration.region, declaration.file,
        {region: tuple(of_place) for region, of_place in rows.items() if of_place},
        {region: tuple(of_place) for region, of_place in gaps.items() if of_place},
    )  # fmt: skip
    _check(parameter)
    return parameter


def _check(parameter: Parameter) -> None:
    if not parameter.rows and parameter.local is not Local.REQUIRED:
        fault("没有一行", parameter.file, parameter.id)
    _check_names(parameter)
    for region, rows in parameter.rows.items():
        _check_place(parameter, region)
        _check_supersedes(parameter, rows)
        for known_on in {row.published_on for row in rows}:
            _check_overlaps(parameter, in_effect(rows, known_on))
        _check_gaps(parameter, in_effect(rows, None), parameter.gaps.get(region, ()))
    _check_direction(parameter)


def _check_names(parameter: Parameter) -> None:
    seen: set[str] = set()
    for row in parameter.all_rows():
        if row.row in seen:
            fault("行号重复", row.file, parameter.id, row.row)
        seen.add(row.row)


def _check_place(parameter: Parameter, region: str) -> None:
    row = parameter.rows[region][0]
    if parameter.region not in chain(region):
        fault(f"参数属于 {_shown(parameter.region)}，{_shown(region)} 不在其下", row.file, parameter.id, row.row)
    if region != parameter.region and parameter.local is Local.FORBIDDEN:
        fault("下级不得自定（local: forbidden）", row.file, parameter.id, row.row)


def _shown(region: str) -> str:
    return "全国" if region == NATION else region


def _check_supersedes(parameter: Parameter, rows: Iterable[Row]) -> None:
    by_name = {row.row: row for row in rows}
    for row in by_name.values():
        older = by_name.get(row.supersedes)
        if row.supersedes and older is None:
            fault(f"要取代的行“{row.supersedes}”不在同一地方", row.file, parameter.id, row.row)
        if older is not None and (older.published_on, older.entered_on) > (row.published_on, row.entered_on):
            fault(f"要取代的行“{older.row}”比它新", row.file, parameter.id, row.row)
        if _in_a_circle(row, by_name):
            fault("取代成了一圈", row.file, parameter.id, row.row)


def _in_a_circle(row: Row, by_name: Mapping[str, Row]) -> bool:
    seen: set[str] = set()
    older: Row | None = row
    while older is not None and older.row not in seen:
        seen.add(older.row)
        older = by_name.get(older.supersedes)
    return older is not None


def _check_overlaps(parameter: Parameter, rows: Sequence[Row]) -> None:
    for earlier, later in pairwise(rows):
        if earlier.overlaps(later):
            why = f"{earlier.span()}；{later.span()}"
            fault(f"与行“{earlier.row}”的日期重叠", later.file, parameter.id, later.row, why)


def _check_gaps(parameter: Parameter, rows: Sequence[Row], gaps: Iterable[Gap]) -> None:
    for earlier, later in pairwise(rows):
        end = earlier.applies_to
        if end is not None and end < later.applies_from:
            if any(gap.start == end and gap.end == later.applies_from for gap in gaps):
                continue
            why = f"{end} 至 {later.applies_from} 没有行；确无规定就在 gaps 里写明"
            fault(f"与行“{earlier.row}”之间有未声明的空档", later.file, parameter.id, later.row, why)


def _check_direction(parameter: Parameter) -> None:
    if parameter.local not in (Local.MAY_ONLY_RAISE, Local.MAY_ONLY_LOWER):
        return
    if parameter.shape is not Shape.NUMBER:
        fault(f"{parameter.local} 只用于数", parameter.file, parameter.id)
    raising = parameter.local is Local.MAY_ONLY_RAISE
    higher = in_effect(parameter.rows.get(parameter.region, ()), None)
    for region, rows in parameter.rows.items():
        for row in in_effect(rows, None) if region != parameter.region else ():
            for upper in (upper for upper in higher if upper.overlaps(row)):
                if (row.number < upper.number) if raising else (row.number > upper.number):
                    word = "只可提高（may_only_raise）" if raising else "只可降低（may_only_lower）"
                    fault(f"{word}：上级为 {upper.value}", row.file, parameter.id, row.row)
