"""The life of a command to the field: request, 9011, data, 9012 — or time-outs, resends and refusals.

::

    new ─start→ sent ─9011 1→ accepted ─data→ accepted ─9012 1→ done
                 │ no answer: resend, then ─→ unreachable     ├─9012 other→ failed
                 ├─9011 other→ refused                        └─silence→ timed_out
                 └─9013 (to a notice)→ done
"""

from __future__ import annotations

from shuangkong.hj212.catalogue import standard
from shuangkong.hj212.content import Value
from shuangkong.hj212.message import Message

OVER = frozenset({"done", "refused", "failed", "timed_out", "unreachable"})
"""States in which nothing more happens."""

_SUCCESS = 1


class Exchange:
    """One command and its answers.  ``state`` and ``reason`` (Chinese, for the operator) tell how it stands."""

    def __init__(self, request: bytes, qn: str, cn: str, *, over_time_s: float, resends: int) -> None:
        self.request, self.qn, self.cn = request, qn, cn
        self.state, self.reason = "new", ""
        self.received: list[Message] = []
        self.sent_times = 0
        self._over_time_s, self._resends = over_time_s, resends
        self._deadline_s = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.state in OVER

    def start(self, now_s: float) -> bytes:
        """The request to send; the clock starts."""
        self.state = "sent"
        self.sent_times += 1
        self._deadline_s = now_s + self._over_time_s
        return self.request

    def tick(self, now_s: float) -> bytes | None:
        """What to send again now that time has passed, or None; may end the exchange."""
        if self.is_over or now_s < self._deadline_s:
            return None
        if self.state == "sent" and self.sent_times <= self._resends:
            return self.start(now_s)
        if self.state == "sent":
            self._end("unreachable", "重发后仍无应答")
        else:
            self._end("timed_out", "已应答，但未在时限内返回结果")
        return None

    def receive(self, message: Message, now_s: float) -> bool:
        """Takes a message of the device; says whether it belongs to this command."""
        if self.is_over:
            return False
        if message.qn == self.qn and message.cn in ("9011", "9012", "9013"):
            self._answered(message, now_s)
            return True
        if message.cn == self.cn and self.state == "accepted":
            self.received.append(message)
            self._deadline_s = now_s + self._over_time_s
            return True
        return False

    def _answered(self, message: Message, now_s: float) -> None:
        fields = message.content.fields
        if message.cn == "9013":
            self._end("done", "")
        elif message.cn == "9011":
            if fields.get("QnRtn") == _SUCCESS:
                self.state = "accepted"
                self._deadline_s = now_s + self._over_time_s
            else:
                self._end("refused", _meaning("request_results", fields.get("QnRtn")))
        elif fields.get("ExeRtn") == _SUCCESS:
            self._end("done", "")
        else:
            self._end("failed", _meaning("execution_results", fields.get("ExeRtn")))

    def _end(self, state: str, reason: str) -> None:
        self.state, self.reason = state, reason


def _meaning(table: str, code: Value | None) -> str:
    known: dict[str, str] = standard()[table]
    return known.get(str(code), f"返回码{code}不在标准中")
