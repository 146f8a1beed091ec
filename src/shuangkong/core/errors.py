"""The error tree of the platform.

::

    ShuangkongError            says what, where, why and what to do
    ├── InputError             the input is wrong; the caller can mend it (command: exit 2)
    │   ├── QuantityOverflow   a quantity beyond the 64-bit integer of 10⁻⁶ base units
    │   └── Infeasible         what is asked for cannot all be had at once; names what conflicts
    ├── NotInForce             no rule row applies on that day and place (command: exit 3)
    └── RulebookError          a rule file is broken; the platform does not start
"""

from __future__ import annotations


class ShuangkongError(Exception):
    """Base of all errors that a person reads: ``what`` is wrong, ``where``, ``why``, and what to ``do``."""

    def __init__(self, what: str, *, where: str = "", why: str = "", do: str = "") -> None:
        self.what, self.where, self.why, self.do = what, where, why, do
        super().__init__(what)

    def __str__(self) -> str:
        """All parts that are known, in reading order."""
        head = f"{self.where}：{self.what}" if self.where else self.what
        return "；".join(part for part in (head, self.why, self.do) if part)

    def as_dict(self) -> dict[str, str]:
        """The parts as an API answer or a command prints them."""
        return {"what": self.what, "where": self.where, "why": self.why, "do": self.do}


class InputError(ShuangkongError):
    """The input cannot be used as it is."""


class QuantityOverflow(InputError):
    """A quantity that does not fit a 64-bit integer of 10⁻⁶ base units."""


class Infeasible(InputError):
    """No answer keeps all conditions; ``conflicts`` are the codes of those whose conditions stand against each other."""

    def __init__(
        self, what: str, *, where: str = "", why: str = "", do: str = "", conflicts: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what, where=where, why=why, do=do)
        self.conflicts = conflicts


class NotInForce(ShuangkongError):
    """No row of a parameter applies on that day and place; ``nearest`` names the rows around it."""

    def __init__(self, what: str, *, where: str = "", why: str = "", do: str = "", nearest: tuple[str, ...] = ()) -> None:
        super().__init__(what, where=where, why=why, do=do)
        self.nearest = nearest


class RulebookError(ShuangkongError):
    """A rule file breaks the rulebook's own rules."""
