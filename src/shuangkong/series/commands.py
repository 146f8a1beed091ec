"""Commands to the field as files: ``monitoring`` puts them, one gateway process takes each, and writes back what became of it.

::

    commands/new/ID.json ─(rename: only one process gets it)→ commands/taken/WORKER/ID.json → commands/outcomes/ID.json

Names of a command's kinds: ``time`` (1012), ``realtime_interval`` (1062), ``minute_interval`` (1064), ``history`` (2051, 2061, 2031 for
a gap), ``sampling`` (3012), or any command of the standard by its code.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shuangkong.series.files import read_json, write_json

_SAFE = re.compile(r"[0-9A-Za-z_-]{1,80}")


@dataclass(frozen=True)
class FieldCommand:
    """A command: ``id`` by the one who gives it, the device, the command code and the data area."""

    id: str
    mn: str
    cn: str
    cp: str = ""
    given_by: str = ""
    expires_ms: int | None = None

    def __post_init__(self) -> None:
        if not _SAFE.fullmatch(self.id):
            raise ValueError(f"command id {self.id!r}")


@dataclass
class Outcome:
    """What became of a command; ``state`` as :class:`shuangkong.hj212.Exchange` has it, or ``expired`` or ``interrupted``."""

    id: str
    mn: str
    cn: str
    state: str
    reason: str = ""
    qn: str = ""
    sent_times: int = 0
    received: list[str] = field(default_factory=list)
    changed_ms: int = 0


class CommandFiles:
    """The command files of a store, for either side."""

    def __init__(self, store: Path) -> None:
        self._new, self._taken, self._outcomes = (store / "commands" / name for name in ("new", "taken", "outcomes"))

    def put(self, command: FieldCommand) -> None:
        """Gives a command."""
        write_json(self._new / f"{command.id}.json", asdict(command))

    def waiting(self) -> list[FieldCommand]:
        """Commands that no process has taken."""
        return _read_all(self._new)

    def take(self, command: FieldCommand, worker: str) -> bool:
        """Takes a command for a process; False when another was first."""
        target = self._taken / worker / f"{command.id}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            (self._new / f"{command.id}.json").rename(target)
        except FileNotFoundError:
            return False
        return True

    def taken(self, worker: str) -> list[FieldCommand]:
        """Commands that a process took and did not finish: after a kill they are interrupted."""
        return _read_all(self._taken / worker)

    def finish(self, outcome: Outcome, worker: str) -> None:
        """Writes the last outcome and drops the command."""
        self.tell(outcome)
        (self._taken / worker / f"{outcome.id}.json").unlink(missing_ok=True)

    def tell(self, outcome: Outcome) -> None:
        """Writes how a command stands."""
        write_json(self._outcomes / f"{outcome.id}.json", asdict(outcome))

    def outcome(self, command_id: str) -> Outcome | None:
        """How a command stands, or None before it was sent."""
        if not _SAFE.fullmatch(command_id):
            return None
        row = read_json(self._outcomes / f"{command_id}.json")
        return Outcome(**row) if row else None


def _read_all(directory: Path) -> list[FieldCommand]:
    found = []
    for path in sorted(directory.glob("*.json")):
        row: Any = read_json(path)
        # another process may have taken it between the listing and the reading
        if row is not None:
            found.append(FieldCommand(**row))
    return found
