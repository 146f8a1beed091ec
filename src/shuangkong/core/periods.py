"""Periods: the only place where they are made. Half-open, in civil days of Asia/Shanghai.

Four kinds are filed (accounting 10): ``month``, ``quarter``, ``year`` and ``ytd`` (1 January to the end of a month, 1–n月).
A fifth is only computed: ``rolling``, the four quarters that end with a month (accounting 17b).
A period's ``code`` is its stable text form: ``2025-06``, ``2025Q2``, ``2025``, ``2025-01/06``, ``2025-06R12``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from .errors import InputError

KINDS = ("month", "quarter", "year", "ytd")

_DASH = r"[-—–－~至到]"
_MONTH = re.compile(r"(\d{4})(?:年|[-/.])(\d{1,2})月?")
_YTD = re.compile(rf"(\d{{4}})(?:年|-)0?1月?(?:{_DASH}|/)(\d{{1,2}})月?(?:累计)?")
_QUARTER = re.compile(r"(\d{4})年?(?:第?([1-4一二三四])季度?|[Qq]([1-4]))")
_YEAR = re.compile(r"(\d{4})年?(?:全年)?")
_ROLLING = re.compile(r"(\d{4})-(\d{2})R12")
_HALF = re.compile(r"(\d{4})年?上半年")
_CHINESE = {"一": 1, "二": 2, "三": 3, "四": 4}


def _month_end(year: int, month: int) -> date:
    if not 1 <= month <= 12:
        raise ValueError(month)
    return date(year + month // 12, month % 12 + 1, 1)


@dataclass(frozen=True, order=True)
class Period:
    """A half-open span ``[start, end)`` of civil days with its kind."""

    start: date
    end: date
    kind: str

    @classmethod
    @lru_cache(maxsize=1024)
    def month(cls, year: int, month: int) -> Period:
        """One month."""
        return cls(date(year, month, 1), _month_end(year, month), "month")

    @classmethod
    @lru_cache(maxsize=1024)
    def quarter(cls, year: int, quarter: int) -> Period:
        """One quarter, 1 to 4."""
        return cls(date(year, 3 * quarter - 2, 1), _month_end(year, 3 * quarter), "quarter")

    @classmethod
    @lru_cache(maxsize=1024)
    def year(cls, year: int) -> Period:
        """One calendar year."""
        return cls(date(year, 1, 1), date(year + 1, 1, 1), "year")

    @classmethod
    @lru_cache(maxsize=1024)
    def ytd(cls, year: int, month: int) -> Period:
        """1 January to the end of ``month`` (1–n月)."""
        return cls(date(year, 1, 1), _month_end(year, month), "ytd")

    @classmethod
    @lru_cache(maxsize=1024)
    def rolling(cls, year: int, month: int) -> Period:
        """The twelve months that end with ``month``."""
        end = _month_end(year, month)
        return cls(end.replace(year=end.year - 1), end, "rolling")

    @classmethod
    def parse(cls, text: str) -> Period:
        """A period as people or this platform write it.

        ``2025-06``, ``2025年6月``, ``2025Q2``, ``2025年二季度``, ``2025``, ``2025年``, ``2025年1—6月``, ``2025-01/06``.

        Raises:
            InputError: the text is no period.
        """
        squeezed = re.sub(r"\s", "", text)
        try:
            return cls._parse(squeezed)
        except ValueError:
            raise InputError(f"“{text}”不是期别", why="读不出年月", do="写成 2025年6月、2025年1—6月、2025年二季度 或 2025年") from None

    @classmethod
    def _parse(cls, text: str) -> Period:
        if match := _YTD.fullmatch(text):
            return cls.ytd(int(match[1]), int(match[2]))
        if match := _HALF.fullmatch(text):
            return cls.ytd(int(match[1]), 6)
        if match := _ROLLING.fullmatch(text):
            return cls.rolling(int(match[1]), int(match[2]))
        if match := _MONTH.fullmatch(text):
            return cls.month(int(match[1]), int(match[2]))
        if match := _QUARTER.fullmatch(text):
            digit = match[2] or match[3]
            return cls.quarter(int(match[1]), _CHINESE.get(digit) or int(digit))
        if match := _YEAR.fullmatch(text):
            return cls.year(int(match[1]))
        raise ValueError(text)

    @property
    def months(self) -> int:
        """Number of months."""
        return (self.end.year - self.start.year) * 12 + self.end.month - self.start.month

    @property
    def last_month(self) -> int:
        """The number (1–12) of the last month inside."""
        return (self.end.month + 10) % 12 + 1

    @property
    def last_year(self) -> int:
        """The calendar year of the last month inside."""
        return self.end.year - (self.end.month == 1)

    @cached_property
    def code(self) -> str:
        """The stable text form."""
        if self.kind == "month":
            return f"{self.start.year:04d}-{self.start.month:02d}"
        if self.kind == "quarter":
            return f"{self.start.year:04d}Q{self.last_month // 3}"
        if self.kind == "ytd":
            return f"{self.start.year:04d}-01/{self.last_month:02d}"
        return f"{self.last_year:04d}-{self.last_month:02d}R12" if self.kind == "rolling" else f"{self.start.year:04d}"

    @cached_property
    def label(self) -> str:
        """As a person reads it: 2025年6月, 2025年二季度, 2025年, 2025年1—6月."""
        year = f"{self.start.year}年"
        if self.kind == "month":
            return f"{year}{self.start.month}月"
        if self.kind == "quarter":
            return f"{year}{'一二三四'[self.last_month // 3 - 1]}季度"
        if self.kind == "rolling":
            return f"截至{self.last_year}年{self.last_month}月的四个季度"
        if self.kind == "ytd" and self.last_month > 1:
            return f"{year}1—{self.last_month}月"
        return f"{year}1月" if self.kind == "ytd" else year

    @property
    def spoken(self) -> str:
        """As a report says it: 2026年一季度, 2026年上半年, 2026年前三季度, 2026年."""
        quarters = {3: "一季度", 6: "上半年", 9: "前三季度", 12: ""}
        if self.kind == "ytd" and self.last_month in quarters:
            return f"{self.start.year}年{quarters[self.last_month]}"
        return self.label

    def year_before(self) -> Period:
        """The same period one year earlier (上年同期)."""
        return self._year_before

    @cached_property
    def _year_before(self) -> Period:
        return Period(self.start.replace(year=self.start.year - 1), self.end.replace(year=self.end.year - 1), self.kind)
