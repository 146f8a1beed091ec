"""Which values a computation need not make again: sections of it whose rows, rules and code are those of the current values.

A section is a part of a computation that rests on a known set of inputs. Its name says which values are its own:

``sheet|lens|subject|period kind|period end``
    one energy account with its total, on which others rest;
``emission|lens|subject|period kind|period end``
    the CO2 of one place and period, on which others rest;
``electricity|lens|city``
    all electricity of a city;
``economy|lens|subject``
    GDP, intensity on both bases with what is deducted, progress and levels of one subject;
``carbon|lens|subject``
    CO2, its intensity and progress of one subject.

What is published, releases, residuals and targets that nothing measures belong to no section and are made each time.
The SM3 of what each section of the newest computation rested on stands in :class:`~shuangkong.apps.indicators.models.Computed`, with
the figures of sections on which others rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from shuangkong.apps.indicators.drafts import Figure
from shuangkong.apps.indicators.models import Computed, Run
from shuangkong.core.digest import sm3_hex
from shuangkong.core.figures import Status

#: The entry that stands for what all sections rest on: the rules and the code.
ALL = "all"
#: The calculations whose values belong to a section of each kind.
CALCULATIONS = {
    "sheet": ("energy.account", "energy.total", "energy.total_of_parts", "energy.total_issued"),
    "emission": ("carbon.total", "carbon.total_of_parts"),
    "electricity": ("electricity.filed", "electricity.difference", "electricity.sum_of_months", "electricity.total_of_parts",
                    "electricity.growth"),
    "economy": ("gdp.level", "gdp.chained", "gdp.growth_filed", "gdp.growth_of_levels", "energy.growth", "intensity.level",
                "intensity.change", "intensity.decline", "target.annual", "target.path", "target.gap", "target.progress",
                "target.remaining", "warning.national", "warning.by_completion", "assessed.total", "assessed.change", "assessed.decline",
                "deduction.filed", "deduction.feedstock", "deduction.of_parts", "deduction.rolling", "deduction.certificates",
                "total.exemption"),
    "carbon": ("carbon.intensity", "carbon.growth", "carbon.change", "carbon.decline",
               "carbon.path", "carbon.gap", "carbon.progress"),
}  # fmt: skip


class Section(NamedTuple):
    """A name taken apart; ``subjects`` are whose values it holds."""

    kind: str
    lens: str
    subject_id: int
    period_kind: str = ""
    period_end: str = ""

    @classmethod
    def of(cls, name: str) -> Section:
        """From its name."""
        kind, lens, subject_id, *period = name.split("|")
        return cls(kind, lens, int(subject_id), *period)


class Sections:
    """What each section of one computation rests on, compared with the computation that is current."""

    def __init__(
        self, common: str = "", before: Mapping[str, str] | None = None, base: int | None = None,
        figures: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.now = {ALL: common}
        #: The figures of this computation, as they are stored.
        self.figures: dict[str, Any] = {}
        self.base = base
        #: Whose values the electricity of a city holds: city → subjects.
        self.cities: dict[int, tuple[int, ...]] = {}
        self._before = before if before is not None and before.get(ALL) == common else {}
        self._figures = figures or {}

    def kept(self, name: str, lines: Iterable[str]) -> bool:
        """Note that a section rests on ``lines``; whether the current values of the section rest on the same."""
        sm3 = self.now[name] = sm3_hex("\n".join(lines).encode())
        return self._before.get(name) == sm3

    def note(self, name: str, figure: Figure) -> None:
        """Remember a figure on which others rest, for the computation after this one."""
        value, known = (None if number is None else str(number) for number in (figure.value, figure.known))
        self.figures[name] = [value, figure.status.value, figure.demonstration, figure.recalled, figure.key, known, list(figure.lacks)]

    def noted(self, name: str) -> Figure | None:
        """The figure that the computation before this one remembered; it stays so."""
        stored = self._figures.get(name)
        if stored is None:
            return None
        self.figures[name] = stored
        value, status, demonstration, recalled, key, known, lacks = stored
        number, part = (None if text is None else Decimal(text) for text in (value, known))
        return Figure(number, Status(status), demonstration, recalled, key, part, tuple(lacks))

    def note_amounts(self, name: str, amounts: Mapping[str, int]) -> None:
        """Remember integers by name, as of what a total is made."""
        self.figures[name] = amounts

    def noted_amounts(self, name: str) -> Mapping[str, int] | None:
        """The integers that the computation before this one remembered; they stay so."""
        stored = self._figures.get(name)
        if stored is not None:
            self.figures[name] = stored
        return stored

    @property
    def keeps(self) -> bool:
        """Whether any section could be kept: else every current value is compared."""
        return bool(self._before)

    def kept_of(self, kind: str) -> list[Section]:
        """The kept sections of one kind."""
        found = (name for name, sm3 in self.now.items() if name.startswith(f"{kind}|") and self._before.get(name) == sm3)
        return [Section.of(name) for name in found]

    @property
    def moved(self) -> list[str]:
        """Sections that are new, gone, or rest on something else than before."""
        return sorted(name for name in self._before.keys() | self.now.keys() if self._before.get(name) != self.now.get(name))


def newest_run() -> int | None:
    """The id of the run that was published last."""
    return Run.objects.filter(published_at__isnull=False).order_by("-id").values_list("id", flat=True).first()


def sections_since(common: str) -> Sections:
    """Sections to be compared with those of the newest computation."""
    base = newest_run()
    before = Computed.objects.filter(run_id=base).first() if base is not None else None
    return Sections(common, before.sections, base, before.figures) if before else Sections(common, None, base)


def outside_kept(sections: Sections) -> str:
    """The condition (SQL) on current values ``v`` that belong to no kept section: those that a computation made again or left out."""
    moved = [Section.of(name) for name in sections.moved if name != ALL]
    everything = [calculation for known in CALCULATIONS.values() for calculation in known]
    belongs = [f"v.calculation NOT IN ({_texts(everything)})", "v.lens = 'published'"]
    for kind, calculations in CALCULATIONS.items():
        places = sorted({place for section in moved if section.kind == kind for place in _places(sections, section)})
        if places:
            belongs.append(f"v.calculation IN ({_texts(calculations)}) AND {_COLUMNS[kind]} IN (VALUES {', '.join(places)})")
    return " OR ".join(f"({part})" for part in belongs)


_PLACE, _OWNER = "(v.lens, v.subject_id, v.period_kind, CAST(v.period_end AS text))", "(v.lens, v.subject_id)"
_COLUMNS = {
    "sheet": _PLACE, "emission": _PLACE, "electricity": _OWNER, "economy": _OWNER, "carbon": _OWNER,
}  # fmt: skip


def _places(sections: Sections, section: Section) -> list[str]:
    """The columns of a section's values, as rows of SQL."""
    lens, owner = section.lens, section.subject_id
    if section.period_kind:
        return [f"('{lens}', {owner}, '{section.period_kind}', '{section.period_end}')"]
    owners = sections.cities.get(owner, (owner,)) if section.kind == "electricity" else (owner,)
    return [f"('{lens}', {subject_id})" for subject_id in owners]


def _texts(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
