"""Counters and gauges in the text form of Prometheus.  Each process writes its own file; the intake serves them together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

METRICS = {
    "connections": ("gauge", "open connections"),
    "connections_total": ("counter", "connections accepted"),
    "connections_refused_total": ("counter", "connections refused by a limit"),
    "connections_closed_total": ("counter", "connections closed by us, by reason"),
    "frames_total": ("counter", "frames of registered devices, by command"),
    "frames_repeated_total": ("counter", "frames that had come before"),
    "frames_refused_total": ("counter", "frames not taken, by reason"),
    "acknowledged_total": ("counter", "answers sent after the frame was durable"),
    "unacknowledged_total": ("counter", "frames not acknowledged because they could not be stored"),
    "garbage_bytes_total": ("counter", "bytes outside frames"),
    "commits_total": ("counter", "group commits"),
    "commit_seconds_total": ("counter", "time spent in group commits"),
    "commit_records_total": ("counter", "records in group commits"),
    "storage_failing": ("gauge", "1 while the store cannot be written"),
    "commands_total": ("counter", "commands to the field, by the state they ended in"),
    "readings_total": ("counter", "meter readings stored"),
}
_PREFIX = "shuangkong_gateway_"


class Metrics:
    """The numbers of one process."""

    def __init__(self) -> None:
        self._values: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, amount: float = 1, label: str = "") -> None:
        """Counts."""
        self._values[name, label] += amount  # type: ignore[assignment]

    def set(self, name: str, value: float, label: str = "") -> None:
        """Sets a gauge."""
        self._values[name, label] = value  # type: ignore[assignment]

    def get(self, name: str, label: str = "") -> float:
        """One value."""
        return self._values[name, label]

    def total(self, name: str) -> float:
        """The sum over all labels."""
        return sum(value for (known, _), value in self._values.items() if known == name)

    def text(self, worker: str) -> str:
        """The exposition of one process, without headings."""
        lines = []
        for (name, label), value in sorted(self._values.items()):
            kind = f',kind="{label}"' if label else ""
            lines.append(f'{_PREFIX}{name}{{worker="{worker}"{kind}}} {value:.6g}')
        return "\n".join(lines) + "\n"


def expose(directory: Path) -> str:
    """The metrics of all processes of a store, with headings."""
    lines: dict[str, list[str]] = {name: [] for name in METRICS}
    for path in sorted(directory.glob("*.prom")):
        for line in path.read_text("utf-8").splitlines():
            name = line.partition("{")[0].removeprefix(_PREFIX)
            if name in lines:
                lines[name].append(line)
    parts = []
    for name, (kind, words) in METRICS.items():
        if lines[name]:
            parts += [f"# HELP {_PREFIX}{name} {words}", f"# TYPE {_PREFIX}{name} {kind}", *lines[name]]
    return "\n".join(parts) + "\n"
