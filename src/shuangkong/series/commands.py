"""Commands to the field as files: ``monitoring`` puts them, one gateway process takes each, and writes back what became of it.

::

    commands/new/ID.json ─(rename: only one process gets it)→ commands/taken/WORKER/ID.json → commands/outcomes/ID.json

Any command of the standard may be given by its code; the usual ones have a function each below.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from shuangkong.series.files import read_json, write_json

_CIVIL = timezone(timedelta(hours=8))
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


def set_time(command_id: str, mn: str, moment: datetime, given_by: str) -> FieldCommand:
    """Sets the clock of a device (1012) to an aware moment."""
    return FieldCommand(command_id, mn, "1012", f"SystemTime={_civil(moment)}", given_by)


def set_interval(command_id: str, mn: str, given_by: str, *, realtime_s: int | None = None, minutes: int | None = None) -> FieldCommand:
    """Sets the interval of real-time data (1062, seconds) or of minute data (1064, minutes)."""
    if realtime_s is not None:
        return FieldCommand(command_id, mn, "1062", f"RtdInterval={realtime_s}", given_by)
    return FieldCommand(command_id, mn, "1064", f"MinInterval={minutes}", given_by)


def ask_history(command_id: str, mn: str, cn: str, begin: datetime, end: datetime, given_by: str) -> FieldCommand:
    """Asks for minute (2051), hour (2061) or day data (2031) of a gap: from *begin* to *end*, both aware."""
    return FieldCommand(command_id, mn, cn, f"BeginTime={_civil(begin)};EndTime={_civil(end)}", given_by)


def ask_sample(command_id: str, mn: str, factor: str, given_by: str) -> FieldCommand:
    """Has a sample taken at once (3012)."""
    return FieldCommand(command_id, mn, "3012", f"PolId={factor}", given_by)


def _civil(moment: datetime) -> str:
    return f"{moment.astimezone(_CIVIL):%Y%m%d%H%M%S}"


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
