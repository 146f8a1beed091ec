"""Incidents gathered over some seconds, so that a loud stranger costs a line and not a disk."""

from __future__ import annotations

from shuangkong.series.records import Incident

MOST_KINDS = 2000


class Incidents:
    """Incidents by code, device and address, with counts."""

    def __init__(self) -> None:
        self._gathered: dict[tuple[str, str, str], Incident] = {}
        self._dropped = 0

    def tell(self, code: str, text: str, now_ms: int, *, mn: str = "", address: str = "", sample: bytes = b"", answer: str = "") -> None:
        """Something happened."""
        key = (code, mn, address)
        known = self._gathered.get(key)
        if known is not None:
            self._gathered[key] = known._replace(times=known.times + 1, last_ms=now_ms, answer=answer)
        elif len(self._gathered) < MOST_KINDS:
            self._gathered[key] = Incident(code, mn, address, text, 1, now_ms, now_ms, sample, answer)
        else:
            self._dropped += 1

    def take(self, now_ms: int) -> list[Incident]:
        """All that was gathered; the gathering begins anew."""
        found = list(self._gathered.values())
        if self._dropped:
            found.append(Incident("incidents_dropped", "", "", "事件种类过多，未逐一记录", self._dropped, now_ms, now_ms, b""))
        self._gathered, self._dropped = {}, 0
        return found
