"""What a calculator is: an id, titles, legal basis, dates, the shapes of its input and output, and one function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shuangkong.core.errors import InputError
from shuangkong.core.figures import RuleRow, Status, worst
from shuangkong.core.quantities import decimal_of
from shuangkong.rulebook import Answer, RecordingBook, Rulebook

_LARGEST_EXPONENT = 15
_SMALLEST_EXPONENT = -30


def _decimal(value: object) -> Decimal:
    """A finite decimal of a sane size from a number or a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise PydanticCustomError("not_a_number", "应为数")
    try:
        number = decimal_of(str(value) if not isinstance(value, str) else value)
    except InputError as error:
        raise PydanticCustomError("not_a_number", "{why}", {"why": error.what}) from None
    exponent = number.as_tuple().exponent
    if number.adjusted() >= _LARGEST_EXPONENT:
        raise PydanticCustomError("too_large", "绝对值须小于 10 的 {power} 次方", {"power": _LARGEST_EXPONENT})
    if isinstance(exponent, int) and exponent < _SMALLEST_EXPONENT:
        raise PydanticCustomError("too_fine", "最多 {places} 位小数", {"places": -_SMALLEST_EXPONENT})
    return number


def _day(value: object) -> object:
    """A day as 2025-06-30; never a count of seconds."""
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise PydanticCustomError("not_a_day", "应为日期，如 2025-06-30") from None


def _place(value: object) -> object:
    """A code written as a number is its digits."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _whole(value: object) -> object:
    """A truth is no number."""
    if isinstance(value, bool):
        raise PydanticCustomError("not_a_number", "应为整数")
    return value


Day = Annotated[date | None, BeforeValidator(_day)]
Place = Annotated[str | None, BeforeValidator(_place)]
Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[Decimal, BeforeValidator(_decimal)]
Positive = Annotated[Number, Field(gt=0)]
NonNegative = Annotated[Number, Field(ge=0)]
#: A decline or target in percent that leaves something: over 0, under 100.
TargetPercent = Annotated[Number, Field(gt=0, lt=100)]
#: A decline in percent, positive when it fell; may be negative, not 100 or more.
DeclinePercent = Annotated[Number, Field(lt=100)]
#: A growth in percent; a quantity cannot fall by more than all.
GrowthPercent = Annotated[Number, Field(ge=-100)]


class Model(BaseModel):
    """Base of all shapes: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Inputs(Model):
    """Base of all inputs: the day and the place by which rules are looked up."""

    on: Day = Field(None, title="适用日期", description="适用规则的日期，缺省为今天")
    region: Place = Field(None, title="地区", description="行政区划代码（43、4310、431021）或 cn，缺省为已安装城市包的地区")


class Outputs(Model):
    """Base of all outputs."""


class Worksheet:
    """What one calculation works on: the rules of its day and place, and the trace that it leaves."""

    def __init__(self, rulebook: Rulebook, book: RecordingBook, on: date) -> None:
        self.rulebook = rulebook
        self.book = book
        self.on = on
        self.steps: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.status = Status.OK

    @property
    def region(self) -> str:
        """The place, as a short code."""
        return self.book.region

    def at(self, parameter: str, on: date | None = None) -> Answer:
        """The rule in force at the place on the day of the calculation, or on another one."""
        return self.book.at(parameter, self.region, on or self.on)

    def step(self, formula: str, **values: Decimal | str | int | None) -> None:
        """Notes one step: the formula in words and what went in and came out."""
        self.steps.append({"formula": formula, "values": values})

    def note(self, text: str, status: Status = Status.OK) -> None:
        """Notes what a reader must know, and worsens the status where it says so."""
        self.notes.append(text)
        self.status = worst((self.status, status))

    @property
    def sources(self) -> tuple[RuleRow, ...]:
        """The rule rows used."""
        return self.book.used


@dataclass(frozen=True)
class Calculator:
    """A rule's arithmetic. ``function(inputs, worksheet)`` gives the outputs; ``example`` is an input that works."""

    id: str
    title_zh: str
    title_en: str
    basis: tuple[str, ...]
    inputs: type[Inputs]
    outputs: type[Outputs]
    function: Callable[[Any, Worksheet], Outputs]
    example: Mapping[str, Any]
    formula: str
    applies_from: date | None = None
    applies_to: date | None = None
    notes: tuple[str, ...] = field(default=())

    def summary(self) -> dict[str, Any]:
        """As ``calc list`` prints it."""
        return {
            "id": self.id,
            "titles": {"zh": self.title_zh, "en": self.title_en},
            "basis": list(self.basis),
            "applies_from": self.applies_from.isoformat() if self.applies_from else None,
            "applies_to": self.applies_to.isoformat() if self.applies_to else None,
        }

    def schemas(self) -> dict[str, Any]:
        """The two JSON schemas with the summary, as ``calc show`` prints them."""
        inputs = self.inputs.model_json_schema()
        outputs = self.outputs.model_json_schema(mode="serialization")
        return {**self.summary(), "formula": self.formula, "inputs": inputs, "outputs": outputs, "example": dict(self.example)}


@contextmanager
def at_field(where: str) -> Iterator[None]:
    """Errors of the input inside say which field it was."""
    try:
        yield
    except InputError as error:
        error.where = error.where or where
        raise
