"""Taking a sound pack in. Loading it twice changes nothing: no row, no batch, no audit entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shuangkong.apps.organisations import services as organisations
from shuangkong.apps.organisations.services import Change
from shuangkong.apps.plans import services as plans

from .checking import sound_pack
from .format import TableRow
from .reading import Pack


@dataclass(slots=True)
class Loaded:
    """What a load did, by table or file."""

    pack: Pack
    changes: dict[str, Change] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """For the terminal."""
        return [
            f"{name}：新增 {change.created}，更改 {change.updated}，不变 {change.unchanged}" for name, change in self.changes.items()
        ]


def load_pack(folder: Path, *, actor: Any = None) -> Loaded:
    """Check the pack in ``folder`` and put all its tables in place.

    Raises:
        PackError: the pack has faults; nothing is loaded.
        InputError: there is no such folder.
    """
    pack = sound_pack(folder)
    loaded = Loaded(pack)
    loaded.changes["regions"] = _regions(pack, actor=actor, origin=f"pack:{pack.code}/regions.csv")
    for name, load in _LOADERS:
        rows = pack.rows(name)
        if rows:
            loaded.changes[name] = load(rows, actor=actor, origin=f"pack:{pack.code}/{name}.csv")
    return loaded


def _values(row: TableRow, *leave: str) -> dict[str, Any]:
    return {name: value for name, value in row.values.items() if name not in leave}


def _regions(pack: Pack, **of: Any) -> Change:
    """Subjects with what is known publicly of them: the full name, and of zones and parks what the table ``parks`` says."""
    described = {row.values["region"]: _values(row, "region") for row in pack.rows("parks")}
    made = []
    for row in pack.rows("regions"):
        details = {"full_name": row.values["full_name"], **described.get(row.values["code"], {})}
        made.append({**_values(row, "full_name"), "details": details})
    return organisations.put_subjects(made, **of)


def _firms(rows: Iterable[TableRow], **of: Any) -> Change:
    made = []
    for position, row in enumerate(rows, 1):
        values = _values(row, "code", "name", "county", "industry")
        details = {name: str(value) for name, value in values.items() if value not in ("", None)}
        made.append(
            {
                "kind": "enterprise",
                "code": row.values["code"],
                "name": row.values["name"],
                "parent": row.values["county"],
                "county": row.values["county"],
                "industry": row.values.get("industry", POWER_INDUSTRY),
                "position": FIRMS_FROM + position,
                "details": details,
            }
        )
    return organisations.put_subjects(made, **of)


#: Where enterprises stand in the order of subjects: after every region.
FIRMS_FROM = 10_000
#: GB/T 4754 division of power plants (电力、热力生产和供应业)
POWER_INDUSTRY = "44"


def _in_order(put: Callable[..., Change], *leave: str) -> Callable[..., Change]:
    def load(rows: Iterable[TableRow], **of: Any) -> Change:
        return put([{**_values(row, *leave), "position": position} for position, row in enumerate(rows, 1)], **of)

    return load


def _plans(rows: Iterable[TableRow], **of: Any) -> Change:
    return plans.put_plans([{**_values(row, "region"), "subject": row.values["region"]} for row in rows], **of)


def _plain(put: Callable[..., Change]) -> Callable[..., Change]:
    def load(rows: Iterable[TableRow], **of: Any) -> Change:
        return put([_values(row) for row in rows], **of)

    return load


def _parent_targets(rows: Iterable[TableRow], **of: Any) -> Change:
    made = [{**_values(row), "number": row.cells["number"], "position": position} for position, row in enumerate(rows, 1)]
    return plans.put_parent_targets(made, **of)


_LOADERS: tuple[tuple[str, Callable[..., Change]], ...] = (
    ("departments", _in_order(organisations.put_departments)),
    ("enterprises", _firms),
    ("power_plants", _firms),
    ("plans", _plans),
    ("clauses", _in_order(plans.put_clauses)),
    ("duties", _in_order(plans.put_duties)),
    ("obligations", _plain(plans.put_obligations)),
    ("actions", _plain(plans.put_actions)),
    ("parent_targets", _parent_targets),
    ("annexes", _plain(plans.put_annexes)),
)
