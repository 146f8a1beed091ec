"""Errors of the codec: ours and the peer's apart.

::

    ProtocolError
    ├── LocalProtocolError    we were asked to send what the standard forbids: a defect on our side
    └── RemoteProtocolError   the peer sent what cannot be read; carries the faults
"""

from __future__ import annotations

from shuangkong.hj212.faults import Fault


class ProtocolError(Exception):
    """Something is against the standard."""


class LocalProtocolError(ProtocolError):
    """We were about to send what the standard forbids."""


class RemoteProtocolError(ProtocolError):
    """The peer's bytes cannot be read as a message; ``faults`` say why."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("；".join(str(fault) for fault in faults))
