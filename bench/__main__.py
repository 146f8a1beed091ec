"""``make bench``: all benchmarks, or those named: ``python -m bench cockpit``. Exit 1 when a ratio breaks its limit.

A benchmark is a module of this folder with ``run() -> list[Result]``; it stands in :data:`BENCHMARKS`.
"""

from __future__ import annotations

import sys
from importlib import import_module

from bench.results import Result

BENCHMARKS: tuple[str, ...] = (
    "cockpit", "decomposition", "filing", "import_rows", "recompute", "series", "series_visible", "telemetry_codec",
    "telemetry_gateway",
)  # fmt: skip


def line(result: Result) -> str:
    """One result as a line of the table."""
    sign = "≥" if result.at_least else "≤"
    verdict = "good" if result.good else "BROKEN"
    return f"{verdict:7}{result.name:52}{result.ratio:8.2f}  {sign} {result.allowed:g}  {result.note}".rstrip()


def main(names: list[str]) -> int:
    """Run the benchmarks and print their ratios."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    results = []
    for name in names or BENCHMARKS:
        found = import_module(f"bench.{name}").run()
        results += found
        print("\n".join(line(result) for result in found), flush=True)
    return int(not all(result.good for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
