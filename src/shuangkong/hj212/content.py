"""The data area (CP) of a message: names and values, typed by the standard's tables.

``;`` separates items, ``,`` the fields of one item.  An item's field is named ``factor-Field``; a plain field has no hyphen.
Values are Decimal, times are aware datetimes in civil time, flags and texts stay text.  What cannot be typed stays text and
is a fault: a value is never dropped and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from shuangkong.hj212.catalogue import EDITIONS, Factor, factors, factors_2005, flags, read_type, standard
from shuangkong.hj212.faults import Fault

Value = Decimal | datetime | str | int

_TEXT, _NUMBER, _FLAG, _TIME, _WHOLE = range(5)
_KINDS = {"text": _TEXT, "flag": _FLAG, "time": _TIME, "whole": _WHOLE}
_UNBOUNDED = 10_000
_LONGEST_REMEMBERED = 16
_ORPHANS = ("Flag", "EFlag")
_SEPARATORS = b"=,;"
_NOT_SEPARATORS = bytes(byte for byte in range(256) if byte not in _SEPARATORS)
_DEVICE_INFO = re.compile(r"(?:[eg]\d{3}|SB\d|i\d)[0-9A-Za-z]*")
FLAGS = frozenset(flags())
"""Data flags of all editions."""
NORMAL = "N"
_DATED = frozenset(standard()["dated"])
_PLAIN: dict[str, dict[str, Any]] = standard()["plain_fields"]
_ITEM: dict[str, str] = standard()["item_fields"]
_MEDIA: dict[str, str] = standard()["media"]


class Content:
    """The typed data area: plain ``fields``, ``factors`` (code → field → value) and the ``faults`` found."""

    __slots__ = ("_factors", "_layout", "_values", "faults", "fields")

    def __init__(
        self, fields: dict[str, Value], factors: dict[str, dict[str, Value]] | None, faults: tuple[Fault, ...] = (),
        layout: Layout | None = None, values: list[Value] | None = None,
    ) -> None:  # fmt: skip
        self.fields, self._factors, self.faults = fields, factors, faults
        self._layout, self._values = layout, values

    @property
    def factors(self) -> dict[str, dict[str, Value]]:
        """Factor → field → value; the typed values are put into this form on first use."""
        if self._factors is None:
            assert self._layout is not None
            assert self._values is not None
            values = self._values
            self._factors = {code: dict(zip(names, values[a:b], strict=True)) for code, names, a, b in self._layout.items}
        return self._factors

    @property
    def data_time(self) -> datetime | None:
        """Moment of the data (2011, 2021) or start of their period (2031, 2041, 2051, 2061)."""
        value = self.fields.get("DataTime")
        return value if isinstance(value, datetime) else None


class _Spec(NamedTuple):
    """What a field's name says: factor (empty: a plain field), field, kind, digits allowed, fault of the name itself."""

    factor: str
    field: str
    kind: int
    whole_digits: int
    decimals: int
    fault: Fault | None


class _Names(dict[str, _Spec]):
    """Field names of one edition → their meaning, filled as they come; bounded, since a peer writes the names."""

    LIMIT = 4096

    def __init__(self, edition: int) -> None:
        super().__init__()
        self.edition = edition

    def __missing__(self, name: str) -> _Spec:
        spec = _read_name(name, self.edition)
        if len(self) < self.LIMIT and len(name) < 40:
            self[name] = spec
        return spec


class _Numbers(dict[str, Decimal]):
    """Number texts → values of one type (digits before and after the point); a text that does not fit raises ValueError.

    A city's meters repeat themselves, so remembering pays; bounded, since a peer writes the texts.
    """

    LIMIT = 8192

    def __init__(self, whole_digits: int, decimals: int) -> None:
        super().__init__()
        self.whole_digits, self.decimals = whole_digits, decimals
        # what the pattern does not match may still fit: it is the quick answer
        self.fits = re.compile(rf"[0-9]{{1,{max(whole_digits, 1)}}}(?:\.[0-9]{{0,{decimals}}})?").fullmatch

    def __missing__(self, text: str) -> Decimal:
        if not self.fits(text):
            # signs, a leading point, leading zeros, and what is no number
            _, wholes, places = read_number(text)
            if wholes > self.whole_digits or places > self.decimals:
                raise ValueError(text)
        number = Decimal(text)
        if len(text) < _LONGEST_REMEMBERED:
            if len(self) >= self.LIMIT:
                self.clear()
            self[text] = number
        return number


class _Times(dict[str, datetime]):
    """Time texts → moments; the same moment stands in the frames of all devices."""

    LIMIT = 4096

    def __missing__(self, text: str) -> datetime:
        moment = read_time(text)
        if len(self) >= self.LIMIT:
            self.clear()
        self[text] = moment
        return moment


_NAMES = {edition: _Names(edition) for edition in EDITIONS}
_NUMBERS: dict[tuple[int, int], _Numbers] = {}
_TIMES = _Times()
_FLAG_VALUES = dict(zip(FLAGS, FLAGS, strict=True))


def forget() -> None:
    """Empties what was remembered of names, numbers and layouts (the benchmark starts cold)."""
    for names in _NAMES.values():
        names.clear()
    for numbers in _NUMBERS.values():
        numbers.clear()
    _TIMES.clear()
    _LAYOUTS.clear()
    _SHAPES.clear()


def read_number(text: str) -> tuple[Decimal, int, int]:
    """A number as the standard writes it, with its digits.  Raises ValueError: ``1e5``, ``NaN`` and spaces are none."""
    whole, _, decimals = text.partition(".")
    if whole[:1] in ("-", "+"):
        whole = whole[1:]
    digits = whole + decimals
    if not (digits.isdigit() and digits.isascii()):
        raise ValueError(text)
    return Decimal(text), len(whole.lstrip("0")), len(decimals)


def read_time(text: str) -> datetime:
    """``YYYYMMDDhhmmss`` in civil time.  Raises ValueError."""
    if len(text) != 14 or not text.isdigit():
        raise ValueError(text)
    return datetime.fromisoformat(f"{text[:8]}T{text[8:]}+08:00")


def _read_name(name: str, edition: int) -> _Spec:
    code, hyphen, field = name.rpartition("-")
    if not hyphen:
        known = _PLAIN.get(name)
        # a flag that lost its factor is a misused separator, which the reader names
        fault = None if known or name in _ORPHANS else Fault("field_unknown", name)
        return _Spec("", name, _KINDS[known["kind"]] if known else _TEXT, 0, 0, fault)
    kind = _ITEM.get(field)
    if kind is None:
        return _Spec(code, field, _TEXT, 0, 0, Fault("field_unknown", name))
    factor, fault = find_factor(code, edition)
    code = factor.code if factor else code
    if kind == "value":
        digits = (factor.digits(edition) if factor else None) or (_UNBOUNDED, _UNBOUNDED)
        return _Spec(code, field, _NUMBER, *digits, fault)
    if kind.startswith("N"):
        return _Spec(code, field, _NUMBER, *read_type(kind), fault)
    return _Spec(code, field, _KINDS[kind], 0, 0, fault)


def find_factor(code: str, edition: int) -> tuple[Factor | None, Fault | None]:
    """The factor of a code; a code of 2005 is read in every edition, and named as a deviation after 2005."""
    factor = factors().get(code)
    if factor is not None:
        return factor, None
    factor = factors_2005().get(code)
    if factor is not None:
        return factor, Fault("factor_of_2005", code) if edition > 2005 else None
    return None, None if _DEVICE_INFO.fullmatch(code) else Fault("factor_unknown", code)


class Layout(NamedTuple):
    """The shape of a regular data area: its names in order, how each value is read, and which stretch is which item.

    ``normal`` matches when all flags are N, as they mostly are, and has no groups for them.
    """

    pattern: re.Pattern[str]
    normal: re.Pattern[str]
    names: tuple[tuple[str, str], ...]
    readers: tuple[Callable[[str], Value], ...]
    flags: tuple[bool, ...]
    plain: int
    items: tuple[tuple[str, tuple[str, ...], int, int], ...]

    def content(self, texts: Sequence[str]) -> Content:
        """The typed data area.  Raises ValueError or KeyError for a value that is not of its type."""
        values = [read(text) for read, text in zip(self.readers, texts, strict=True)]
        fields = {self.names[at][1]: values[at] for at in range(self.plain)}
        return Content(fields, None, (), self, values)


_LAYOUTS: dict[tuple[object, ...], Layout | None] = {}
_LAYOUT_LIMIT = 1024
_SHAPES: dict[tuple[str, str, str, int], Layout] = {}
_SHAPE_LIMIT = 16_384


def last_layout(device: str, cn: str, st: str, edition: int) -> Layout | None:
    """The layout of the last frame of a device and command, if there was a regular one."""
    return _SHAPES.get((device, cn, st, edition))


def split_values(cp: str, cn: str, st: str, edition: int, device: str) -> tuple[Layout, Sequence[str]] | None:
    """The layout and the value texts of a data area; None when it must be read one by one.

    A device writes its frames of one command alike, so the layout of its last one is tried first.
    """
    shape = (device, cn, st, edition)
    layout = _SHAPES.get(shape)
    if layout is not None and (match := layout.pattern.fullmatch(cp)):
        return layout, match.groups()
    separators = cp.encode().translate(None, _NOT_SEPARATORS)
    if not separators:
        return None
    parts = cp.replace(",", ";").replace("=", ";").split(";")
    layout = _layout_of(separators, parts[::2], cp, cn, st, edition)
    if layout is None:
        return None
    if len(_SHAPES) >= _SHAPE_LIMIT:
        _SHAPES.clear()
    _SHAPES[shape] = layout
    return layout, parts[1::2]


def _layout_of(separators: bytes, names: list[str], cp: str, cn: str, st: str, edition: int) -> Layout | None:
    key = (edition, cn, st, separators, *names)
    try:
        return _LAYOUTS[key]
    except KeyError:
        layout = _read_layout(separators, names, cp, cn, st, edition)
        if len(_LAYOUTS) >= _LAYOUT_LIMIT:
            _LAYOUTS.clear()
        _LAYOUTS[key] = layout
        return layout


def _read_layout(separators: bytes, names: list[str], cp: str, cn: str, st: str, edition: int) -> Layout | None:
    regular = separators[::2].count(b"=") == len(separators) // 2 + 1 and b"=" not in separators[1::2]
    if not regular or _structure_faults(cp, cn, st, edition):
        return None
    specs = [_NAMES[edition][name] for name in names]
    items: list[tuple[str, tuple[str, ...], int, int]] = []
    plain = sum(not spec.factor for spec in specs)
    if any(spec.factor for spec in specs[:plain]) or any(spec.kind in (_TEXT, _WHOLE) for spec in specs):
        return None
    for code, group in groupby(enumerate(specs[plain:], plain), key=lambda entry: entry[1].factor):
        places = list(group)
        items.append((code, tuple(spec.field for _, spec in places), places[0][0], places[-1][0] + 1))
    return Layout(
        _pattern(separators, specs, names), _pattern(separators, specs, names, NORMAL),
        tuple((spec.factor, spec.field) for spec in specs), tuple(_value_reader(spec) for spec in specs),
        tuple(spec.kind == _FLAG for spec in specs), plain, tuple(items),
    )  # fmt: skip


def _pattern(separators: bytes, specs: list[_Spec], names: list[str], flag: str = "([^=,;]*)") -> re.Pattern[str]:
    """Matches exactly the data areas of a layout; one group per value, but for flags where *flag* is given."""
    marks = separators.decode()
    ends = [re.escape(mark) for mark in marks[1::2]] + [""]
    values = [flag if spec.kind == _FLAG else "([^=,;]*)" for spec in specs]
    return re.compile("".join(f"{re.escape(name)}={value}{end}" for name, value, end in zip(names, values, ends, strict=True)))


def _structure_faults(cp: str, cn: str, st: str, edition: int) -> bool:
    """Whether anything but a single value is wrong with the data area."""
    found = _read_one_by_one(cp, cn, st, edition).faults
    return any(fault.code not in ("value_not_a_number", "value_out_of_type", "flag_unknown") for fault in found)


def _value_reader(spec: _Spec) -> Callable[[str], Value]:
    if spec.kind == _NUMBER:
        return _numbers_of(spec.whole_digits, spec.decimals).__getitem__
    return _TIMES.__getitem__ if spec.kind == _TIME else _FLAG_VALUES.__getitem__


def _numbers_of(whole_digits: int, decimals: int) -> _Numbers:
    key = (whole_digits, decimals)
    if key not in _NUMBERS:
        _NUMBERS[key] = _Numbers(*key)
    return _NUMBERS[key]


def read_content(cp: str, cn: str, st: str, edition: int, device: str = "") -> Content:
    """Types the text between the ``&&`` of a message of command *cn* and system *st* by *device* (its MN)."""
    split = split_values(cp, cn, st, edition, device)
    if split is not None:
        try:
            return split[0].content(split[1])
        except (KeyError, ValueError):
            # one value is not of its type: the way below names it
            pass
    return _read_one_by_one(cp, cn, st, edition)


def _read_one_by_one(cp: str, cn: str, st: str, edition: int) -> Content:
    reader = _Reader(_NAMES[edition])
    if cp:
        reader.read(cp)
    faults = reader.faults
    if cn in _DATED and reader.factors and not isinstance(reader.fields.get("DataTime"), datetime):
        faults.append(Fault("data_time_missing", "DataTime"))
    medium = _MEDIA.get(st)
    if medium in ("a", "w"):
        other = "w" if medium == "a" else "a"
        for code in reader.factors:
            if code.startswith(other):
                faults.append(Fault("factor_of_other_medium", code, st))
    return Content(reader.fields, reader.factors, tuple(faults))


class _Reader:
    """One pass over a data area."""

    def __init__(self, names: _Names) -> None:
        self.names = names
        self.fields: dict[str, Value] = {}
        self.factors: dict[str, dict[str, Value]] = {}
        self.faults: list[Fault] = []

    def read(self, cp: str) -> None:
        """Reads each group; one that is not name=value throughout is picked apart."""
        for group in cp.split(";"):
            pairs = [pair.split("=") for pair in group.split(",")]
            if all(len(pair) == 2 and pair[0] for pair in pairs):
                self._read_group(pairs)
            else:
                self._read_ragged(group)

    def _read_group(self, pairs: list[list[str]]) -> None:
        values: dict[str, Value] | None = None
        owner = ""
        for name, text in pairs:
            spec = self.names[name]
            if spec.factor != owner or values is None:
                values, owner = self._enter(spec.factor, spec.field, values is not None), spec.factor
            if spec.fault is not None and spec.fault not in self.faults:
                self.faults.append(spec.fault)
            if spec.field in values:
                self.faults.append(Fault("field_repeated", name, text[:20]))
            else:
                values[spec.field] = self._read_value(spec, name, text)

    def _read_value(self, spec: _Spec, name: str, text: str) -> Value:
        if spec.kind == _NUMBER:
            return self._read_number(spec, name, text)
        if spec.kind == _FLAG and text not in FLAGS:
            self.faults.append(Fault("flag_unknown", name, text[:20]))
        if spec.kind in (_TIME, _WHOLE):
            return self._read_other(spec.kind, name, text)
        return text

    def _enter(self, factor: str, field: str, inside: bool) -> dict[str, Value]:
        """The values of the item that a group turns to; what stands where it should not is named."""
        if inside:
            self.faults.append(Fault("separator_misused", factor or field, ","))
        if not factor:
            if not inside and field in _ORPHANS:
                self.faults.append(Fault("separator_misused", field, ";"))
            return self.fields
        known = self.factors.get(factor)
        if known is None:
            known = self.factors[factor] = {}
        elif not inside:
            self.faults.append(Fault("item_spread", factor))
        return known

    def _read_number(self, spec: _Spec, name: str, text: str) -> Value:
        try:
            number, wholes, places = read_number(text)
        except ValueError:
            self.faults.append(Fault("value_not_a_number", name, text[:20]))
            return text
        if wholes > spec.whole_digits or places > spec.decimals:
            self.faults.append(Fault("value_out_of_type", name, text[:20]))
        return number

    def _read_other(self, kind: int, name: str, text: str) -> Value:
        try:
            if kind == _TIME:
                return read_time(text)
            if not (text.isascii() and text.isdigit()) or len(text) > 9:
                raise ValueError(text)
        except ValueError:
            self.faults.append(Fault("time_malformed" if kind == _TIME else "value_not_a_number", name, text[:20]))
            return text
        number = int(text)
        if not _in_range(name, number):
            self.faults.append(Fault("field_out_of_range", name, text))
        return number

    def _read_ragged(self, group: str) -> None:
        """A group that is not name=value throughout: its good pairs are read, the rest is named."""
        if not group:
            self.faults.append(Fault("separator_trailing", "CP"))
            return
        good: list[str] = []
        for pair in group.split(","):
            name, equals, text = pair.partition("=")
            if not pair:
                self.faults.append(Fault("separator_trailing", "CP"))
            elif not equals or not name or "=" in text:
                self.faults.append(Fault("item_malformed", pair[:40]))
            else:
                good.append(pair)
        if good:
            self.read(",".join(good))


def _in_range(name: str, number: int) -> bool:
    known = _PLAIN.get(name, {})
    if "among" in known:
        return number in known["among"]
    return bool(known.get("from", number) <= number <= known.get("to", number))
