"""What a kind of import is: its columns, its check of one row, and where its rows go. ``settings.IMPORT_KINDS`` is the one list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from shuangkong.core.errors import InputError

ERROR, CONFIRM = "error", "confirm"

Pieces = Callable[[], Iterator[list[Sequence[Any]]]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the template. ``choices`` become a drop-down; ``convert`` turns a cell's value into what the row holds.

    ``convert`` is asked once for each different value in the file and raises :class:`InputError` for a wrong one. Without it the
    value reaches the checker as its words; with ``raw`` as it stands, unasked (numbers, nearly all different). ``aliases`` are other
    titles by which a workbook may name it.
    """

    key: str
    title: str
    hint: str
    example: str | float
    required: bool = True
    choices: tuple[str, ...] = ()
    width: int = 14
    convert: Callable[[Any], Any] | None = None
    raw: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a cell: in which column, and whether it may be kept when the user confirms it."""

    column: str
    what: str
    why: str = ""
    do: str = ""
    severity: str = ERROR

    @classmethod
    def of(cls, column: str, error: InputError, severity: str = ERROR) -> Fault:
        """A fault from what a converter raised."""
        return cls(column, error.what, error.why, error.do, severity)

    @property
    def text(self) -> str:
        """All of it in one line."""
        return "；".join(part for part in (self.what, self.why, self.do) if part)


@dataclass(frozen=True, slots=True)
class Form:
    """What the user stated beside the file: when it was known, the document, where the figures come from."""

    known_on: date
    document: str = ""
    origin: str = "reported"


@dataclass(slots=True)
class Counts:
    """What a check or an application came to, in rows."""

    read: int = 0
    new: int = 0
    corrected: int = 0
    unchanged: int = 0
    refused: int = 0
    ask: int = 0
    blank: int = 0

    @property
    def good(self) -> int:
        """Rows that will be written."""
        return self.new + self.corrected

    def as_dict(self) -> dict[str, int]:
        """For the job's result."""
        return {name: getattr(self, name) for name in self.__slots__}


class Sink(Protocol):
    """Where staged lines go: the ledger, later others. Batches are the sink's own; the import service only passes them on."""

    def verdicts(self, kind: Any, pieces: Pieces, form: Form, facts: Mapping[str, Any]) -> Iterator[tuple[int, int, str, Any]] | None:
        """For each staged line its row, ask mark, verdict (a field of :class:`Counts`) and, when refused, the fault.

        None when all are new.
        """

    def batch_of(self, work: Any, kind: Any, stored: Any, form: Form) -> Any:
        """The batch that this job writes, begun or new."""

    def apply(self, batch: Any, kind: Any, pieces: Pieces, form: Form, facts: Mapping[str, Any], work: Any) -> dict[str, int]:
        """Writes the lines, invisible until the last step; answers with the counts."""

    def discard(self, batch: Any) -> None:
        """Throws what a batch never applied has written away."""

    def recompute(self, work: Any, reason: str) -> None:
        """Has everything computed anew that rests on the lines."""

    def withdraw(self, batch_id: int, *, actor: Any, reason: str) -> Any:
        """Undoes a batch."""


class Checker(Protocol):
    """The check of one file, row by row, with what it remembers."""

    def lines(self, columns: Mapping[str, list[Any]]) -> Iterator[tuple[tuple[Any, ...], Any, tuple[Fault, ...]]]:
        """For each row of a piece the key of its cell, its line (None when refused) and its faults, from the converted values by column."""

    def facts(self) -> dict[str, Any]:
        """What the sink needs to know of all lines together."""


class Kind(Protocol):
    """A kind of import."""

    id: str
    title: str
    about: str
    version: int
    place_column: str
    sink: Sink

    def columns(self, user: Any) -> Sequence[Column]:
        """The columns of the template, in order, with converters bound to what ``user`` may file."""

    def checker(self, user: Any, form: Form) -> Checker:
        """A fresh check of one file."""

    def may_import(self, user: Any) -> bool:
        """Whether the user may file this kind."""

    def origins(self, user: Any) -> tuple[str, ...]:
        """The origins that the user may state, the usual one first."""


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its id, in the order of ``settings.IMPORT_KINDS``."""
    found = [import_string(path) for path in settings.IMPORT_KINDS]
    return {kind.id: kind for kind in found}


def kind_of(identifier: str, user: Any) -> Kind:
    """The kind that ``user`` may import.

    Raises:
        InputError: unknown, or not for this user.
    """
    kind = kinds().get(identifier)
    if kind is None or not kind.may_import(user):
        raise InputError(_("不能导入这一类数据"), why=_("没有这一类，或您的角色不报送它"), do=_("请市统计局或县市区填报人导入"))
    return kind


class Converted(dict):
    """Raw value → converted value or :class:`Fault`, asked once for each different value."""

    def __init__(self, column: Column) -> None:
        super().__init__()
        self.column = column
        self.faulty = False

    def __missing__(self, raw: Any) -> Any:
        made: Any
        try:
            made = self._convert(raw)
        except InputError as error:
            made = Fault.of(self.column.key, error)
            self.faulty = True
        self[raw] = made
        return made

    def _convert(self, raw: Any) -> Any:
        text = raw.strip() if isinstance(raw, str) else raw
        if text == "":
            if self.column.required:
                raise InputError(_("“{title}”没有填").format(title=self.column.title), do=self.column.hint)
            text = None
        return self.column.convert(text) if self.column.convert else text


def words_of(raw: Any) -> str:
    """A cell's value as the words that were meant: whole numbers without a decimal point.

    Raises:
        InputError: a date or a truth value where words belong.
    """
    if isinstance(raw, bool | date | datetime):
        raise InputError(_("这里应写文字，单元格里是日期或逻辑值"), do=_("把单元格格式设为“文本”后重新填写"))
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw)
