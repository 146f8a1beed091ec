"""Forms as data: every edition of every form in ``forms/*.yaml``, checked when it is read.

A file holds a list ``forms`` (and ``shared``, where YAML anchors may stand). Each entry is one edition. A figure that goes to the ledger is
marked where it stands: a table says ``goes_to`` (its measure), lines and columns say in ``means`` which product, flow or industry they
are; a cell whose marks are complete goes there, a sum never does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Never

from shuangkong.core import forms as f
from shuangkong.core.digest import canonical_json, sm3_hex
from shuangkong.core.errors import InputError, RulebookError
from shuangkong.core.periods import KINDS, Period
from shuangkong.core.quantities import unit_of

from .lists import Terms, read_lists
from .yaml_text import read

SHIPPED = Path(__file__).parent
FOLDER = "forms"

_FORM_KEYS = {
    "id", "edition", "title", "about", "applies_from", "applies_to", "period_kind", "months", "respondent", "origin", "review",
    "departments", "deadline", "use", "legal_basis", "release_cell", "document_cell", "known_cell", "tables",
}  # fmt: skip
_NEEDED = ("id", "edition", "title", "applies_from", "period_kind", "respondent", "deadline", "use", "legal_basis", "tables")
_TABLE_KEYS = {"key", "title", "shape", "columns", "lines", "note", "goes_to"}
_COLUMN_KEYS = {"key", "title", "unit", "kind", "required", "choices", "decimals", "hint", "signed", "means"}
_LINE_KEYS = {"key", "title", "code", "level", "sum_of", "not_applicable", "unit", "required", "means"}
_GOES_KEYS = {"measure", "product", "flow", "industry", "price_base", "comparable"}
_MEANS_KEYS = _GOES_KEYS
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_ORIGINS = ("reported", "issued")
_EVIDENCE = ("text", "recalled", "design")


class Forms:
    """All editions, by id and edition, and which one serves a period."""

    def __init__(self, editions: Iterable[f.Form]) -> None:
        self._editions: dict[tuple[str, str], f.Form] = {}
        for form in editions:
            if (form.id, form.edition) in self._editions:
                _fault("这一版写了两次", form.id, form.edition)
            self._editions[form.id, form.edition] = form
        for name in self.ids():
            _check_spans(self.editions_of(name))

    @classmethod
    def load(cls, roots: Iterable[Path] = (SHIPPED,)) -> Forms:
        """The forms in the folder ``forms`` of each root.

        Raises:
            RulebookError: a definition is broken; names file, form, place and reason.
        """
        lists = read_lists(SHIPPED / "lists")
        paths = [path for root in roots for path in sorted((root / FOLDER).glob("*.yaml"))]
        return cls(form for path in paths for form in _forms_of(path, lists))

    def ids(self) -> tuple[str, ...]:
        """The ids of the forms, in the order of the files."""
        return tuple(dict.fromkeys(name for name, _ in self._editions))

    def editions_of(self, form_id: str) -> list[f.Form]:
        """The editions of a form, oldest first."""
        return sorted((form for form in self._editions.values() if form.id == form_id), key=lambda form: form.applies_from)

    def get(self, form_id: str, edition: str) -> f.Form:
        """One edition.

        Raises:
            InputError: there is none of that name.
        """
        if (form_id, edition) not in self._editions:
            raise InputError(f"没有报表“{form_id}”的“{edition}”版", where="form", do="从报表目录中选择")
        return self._editions[form_id, edition]

    def of(self, form_id: str, period: Period) -> f.Form:
        """The edition that serves a period.

        Raises:
            InputError: an unknown form, or none of its editions serves the period.
        """
        editions = self.editions_of(form_id)
        if not editions:
            raise InputError(f"没有报表“{form_id}”", where="form", do="从报表目录中选择")
        for form in editions:
            if form.applies(period):
                return form
        spans = "；".join(f"{form.edition}版自 {form.applies_from}" for form in editions)
        raise InputError(f"“{editions[0].title}”没有适用于{period.label}的版本", where="period", why=spans, do="核对期别")

    def newest(self, form_id: str) -> f.Form:
        """The newest edition.

        Raises:
            InputError: an unknown form.
        """
        editions = self.editions_of(form_id)
        if not editions:
            raise InputError(f"没有报表“{form_id}”", where="form", do="从报表目录中选择")
        return editions[-1]


@lru_cache(maxsize=1)
def current() -> Forms:
    """The shipped forms, read once."""
    return Forms.load()


def form_sm3(form: f.Form) -> str:
    """The SM3 of a definition: what was filed on it says on which text."""
    return sm3_hex(canonical_json(_plain(form)).encode())


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _check_spans(editions: list[f.Form]) -> None:
    for form, following in pairwise(editions):
        if form.applies_to is None or form.applies_to > following.applies_from:
            _fault(f"两版的适用日期重叠：{form.edition} 版没有在 {following.applies_from} 前结束", following.id, following.edition)


# ---- reading --------------------------------------------------------------------------------------------------------


def _fault(reason: str, *places: str) -> Never:
    raise RulebookError(reason, where=" ".join(place for place in places if place))


class _Place:
    """Where in a file the reader stands; faults name it."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def under(self, *names: str) -> _Place:
        return _Place(*self.names, *names)

    def fault(self, reason: str) -> Never:
        _fault(reason, *self.names)

    def mapping(self, stated: Any, known: set[str]) -> dict[str, Any]:
        if not isinstance(stated, dict):
            self.fault("应是键值")
        if unknown := sorted(set(stated) - known):
            self.fault(f"不认识的键“{unknown[0]}”")
        return stated

    def listed(self, stated: Any, what: str) -> list[Any]:
        if not isinstance(stated, list) or not stated:
            self.fault(f"{what} 应是一列，至少一项")
        return stated

    def one_of(self, stated: Any, words: Iterable[str], what: str) -> str:
        if stated not in words:
            self.fault(f"{what} 不能是“{stated}”；只能是 {'、'.join(words)}")
        return str(stated)

    def day(self, stated: Any, what: str) -> date:
        try:
            return date.fromisoformat(str(stated))
        except ValueError:
            self.fault(f"{what} “{stated}”不是日期")

    def number(self, stated: Any, what: str) -> int:
        if not str(stated).lstrip("-").isdigit():
            self.fault(f"{what} “{stated}”不是整数")
        return int(stated)

    def flag(self, stated: Any, what: str) -> bool:
        return self.one_of(stated, ("yes", "no"), what) == "yes"

    def key(self, stated: Any) -> str:
        if not _KEY.fullmatch(str(stated)):
            self.fault(f"key “{stated}”只能用小写字母、数字和下划线，字母开头")
        return str(stated)


def _forms_of(path: Path, lists: Mapping[str, Terms]) -> Iterator[f.Form]:
    place = _Place(f"{FOLDER}/{path.name}")
    content = place.mapping(read(path, place.names[0]), {"forms", "shared"})
    for stated in place.listed(content.get("forms"), "forms"):
        yield _form(stated, place, lists)


def _form(stated: Any, place: _Place, lists: Mapping[str, Terms]) -> f.Form:
    named = stated if isinstance(stated, dict) else {}
    place = place.under(str(named.get("id", "")), str(named.get("edition", "")))
    stated = place.mapping(stated, _FORM_KEYS)
    for key in _NEEDED:
        if not stated.get(key):
            place.fault(f"缺少 {key}")
    kind = place.one_of(stated["period_kind"], KINDS, "period_kind")
    review = tuple(place.one_of(level, f.LEVELS, "review") for level in stated.get("review") or ())
    pairs = [_table(each, place) for each in place.listed(stated["tables"], "tables")]
    _unique([table.key for table, _ in pairs], place, "表")
    form = f.Form(
        place.key(stated["id"]), str(stated["edition"]), str(stated["title"]),
        place.day(stated["applies_from"], "applies_from"),
        place.day(stated["applies_to"], "applies_to") if stated.get("applies_to") else None,
        kind, place.one_of(stated["respondent"], f.RESPONDENTS, "respondent"), review,
        tuple(map(str, stated.get("departments") or ())), _deadline(stated["deadline"], place),
        place.one_of(stated["use"], f.USES, "use"), _basis(stated["legal_basis"], place), tuple(table for table, _ in pairs),
        about=str(stated.get("about", "")), origin=place.one_of(stated.get("origin", "reported"), _ORIGINS, "origin"),
        months=tuple(place.number(month, "months") for month in stated.get("months") or ()),
        release_cell=str(stated.get("release_cell", "")), document_cell=str(stated.get("document_cell", "")),
        known_cell=str(stated.get("known_cell", "")),
    )  # fmt: skip
    _check_form(form, place)
    goes = {address: posting for table, goes in pairs for address, posting in _postings(table, goes, place, lists)}
    return replace(form, goes_to=goes)


def _check_form(form: f.Form, place: _Place) -> None:
    if form.applies_to is not None and form.applies_to <= form.applies_from:
        place.fault("applies_to 不晚于 applies_from")
    if form.period_kind == "ytd" and not form.months:
        place.fault("累计报表要写 months（各期的最后月份）")
    if any(not 1 <= month <= 12 for month in form.months):
        place.fault("months 只能是 1 到 12")
    if tuple(sorted(form.review, key=f.LEVELS.index)) != form.review or len(set(form.review)) != len(form.review):
        place.fault("review 要从下级到上级")
    if "city" in form.review and not form.departments:
        place.fault("市级审核要写 departments（审核单位代码）")
    if not form.review and form.origin != "issued":
        place.fault("没有 review 的报表只能是 issued（发布单位自己装载）")
    for name in ("release_cell", "document_cell", "known_cell"):
        address = getattr(form, name)
        if address and form.place(address) is None:
            place.fault(f"{name} “{address}”不是表中的格")


def _deadline(stated: Any, place: _Place) -> f.Deadline:
    stated = place.mapping(stated, {"days", "counted"})
    days = place.number(stated.get("days"), "deadline.days")
    if days < 1:
        place.fault("deadline.days 要大于 0")
    return f.Deadline(days, place.one_of(stated.get("counted", "calendar"), f.COUNTED, "deadline.counted"))


def _basis(stated: Any, place: _Place) -> f.Basis:
    stated = place.mapping(stated, {"number", "locator", "evidence"})
    for key in ("number", "locator", "evidence"):
        if not stated.get(key):
            place.fault(f"legal_basis 缺少 {key}")
    return f.Basis(str(stated["number"]), str(stated["locator"]), place.one_of(stated["evidence"], _EVIDENCE, "evidence"))


def _table(stated: Any, place: _Place) -> tuple[f.Table, dict[str, str]]:
    stated = place.mapping(stated, _TABLE_KEYS)
    key = place.key(stated.get("key"))
    place = place.under(f"表 {key}")
    shape = place.one_of(stated.get("shape", "fixed"), f.SHAPES, "shape")
    columns = tuple(_column(each, place) for each in place.listed(stated.get("columns"), "columns"))
    _unique([column.key for column in columns], place, "列")
    if shape == "repeating" and "lines" in stated:
        place.fault("行数不定的表没有 lines")
    lines = tuple(_line(each, place) for each in place.listed(stated.get("lines"), "lines")) if shape == "fixed" else ()
    _unique([line.key for line in lines], place, "行")
    table = f.Table(key, str(stated.get("title") or key), shape, columns, lines, str(stated.get("note", "")))
    _check_lines(table, place)
    goes = place.mapping(stated.get("goes_to") or {}, _GOES_KEYS)
    if goes and shape == "repeating":
        place.fault("行数不定的表不能入账（goes_to）")
    return table, {name: str(value) for name, value in goes.items()}


def _column(stated: Any, place: _Place) -> f.Column:
    stated = place.mapping(stated, _COLUMN_KEYS)
    key = place.key(stated.get("key"))
    place = place.under(f"列 {key}")
    kind = place.one_of(stated.get("kind", "quantity"), f.COLUMN_KINDS, "kind")
    choices = tuple(map(str, stated.get("choices") or ()))
    if (kind == "choice") != bool(choices):
        place.fault("choices 只用于 choice，choice 必须有 choices")
    signed = place.flag(stated.get("signed", "yes" if kind == "ratio" else "no"), "signed")
    return f.Column(
        key, str(stated.get("title") or key), str(stated.get("unit", "")), kind,
        place.flag(stated.get("required", "no"), "required"), choices, place.number(stated.get("decimals", "2"), "decimals"),
        str(stated.get("hint", "")), signed, _means(stated.get("means"), place),
    )  # fmt: skip


def _line(stated: Any, place: _Place) -> f.Line:
    stated = place.mapping(stated, _LINE_KEYS)
    key = place.key(stated.get("key"))
    place = place.under(f"行 {key}")
    parts = [str(part) for part in stated.get("sum_of") or ()]
    return f.Line(
        key, str(stated.get("title") or key), str(stated.get("code", "")), place.number(stated.get("level", "0"), "level"),
        tuple((part.lstrip("-"), -1 if part.startswith("-") else 1) for part in parts),
        tuple(map(str, stated.get("not_applicable") or ())), str(stated.get("unit", "")),
        place.flag(stated.get("required", "no"), "required"), _means(stated.get("means"), place),
    )  # fmt: skip


def _means(stated: Any, place: _Place) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in place.mapping(stated or {}, _MEANS_KEYS).items())


def _unique(keys: list[str], place: _Place, what: str) -> None:
    for key in keys:
        if keys.count(key) > 1:
            place.fault(f"{what}“{key}”写了两次")


def _check_lines(table: f.Table, place: _Place) -> None:
    columns = {column.key for column in table.columns}
    lines = {line.key: line for line in table.lines}
    for line in table.lines:
        under = place.under(f"行 {line.key}")
        for column in line.not_applicable:
            if column not in columns:
                under.fault(f"not_applicable “{column}”不是本表的列")
        for part, _ in line.sum_of:
            if part not in lines:
                under.fault(f"sum_of “{part}”不是本表的行")
    for line in table.lines:
        _check_circle(line, lines, (), place.under(f"行 {line.key}"))


def _check_circle(line: f.Line, lines: Mapping[str, f.Line], above: tuple[str, ...], place: _Place) -> None:
    if line.key in above:
        place.fault(f"sum_of 绕成了圈：{' → '.join((*above, line.key))}")
    for part, _ in line.sum_of:
        _check_circle(lines[part], lines, (*above, line.key), place)


# ---- where figures go -----------------------------------------------------------------------------------------------


def _postings(table: f.Table, goes: Mapping[str, str], place: _Place, lists: Mapping[str, Terms]) -> Iterator[tuple[str, f.Posting]]:
    for line in table.lines if goes else ():
        for column in table.columns:
            marks = {**goes, **dict(column.means), **dict(line.means)}
            if not column.is_number or line.sum_of or not table.applies(line, column) or not _complete(marks, line, column):
                continue
            under = place.under(f"表 {table.key}", f"格 {line.key}.{column.key}")
            yield f"{table.key}.{line.key}.{column.key}", _posting(marks, table.unit(line, column), under, lists)


def _complete(marks: Mapping[str, str], line: f.Line, column: f.Column) -> bool:
    """Whether the cell is meant: energy needs product and flow; elsewhere line or column must say something of it."""
    if marks.get("measure") == "energy":
        return bool(marks.get("product") and marks.get("flow"))
    return bool(marks.get("measure") and (line.means or column.means))


def _posting(marks: Mapping[str, str], unit: str, place: _Place, lists: Mapping[str, Terms]) -> f.Posting:
    for name, listed in (("product", "products"), ("flow", "flows")):
        if marks.get(name) and marks[name] not in lists[listed].codes():
            place.fault(f"{name} “{marks[name]}”不在规则库的{lists[listed].kind}目录中")
    industry = marks.get("industry", "")
    if industry and industry not in (*lists["sectors"].codes(), *lists["industries"].codes()):
        place.fault(f"industry “{industry}”不在规则库的目录中")
    if unit != "%":
        try:
            dimension, _ = unit_of(unit)
        except InputError as error:
            place.fault(f"{error.what}；入账的格要有单位")
        if marks.get("product"):
            _check_dimension(marks["product"], dimension, unit, place, lists)
    return f.Posting(
        marks["measure"], unit, marks.get("product", ""), marks.get("flow", ""), industry, marks.get("price_base", ""),
        place.flag(marks.get("comparable", "no"), "comparable"),
    )  # fmt: skip


def _check_dimension(product: str, dimension: str, unit: str, place: _Place, lists: Mapping[str, Terms]) -> None:
    wanted = next(term.extra["dimension"] for term in lists["products"] if term.code == product)
    if dimension != wanted and (wanted, dimension) != ("energy", "mass"):
        place.fault(f"单位“{unit}”与品种“{product}”的计量不符")
