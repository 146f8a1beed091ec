"""What a connection may do, and how long things may take.  House rules (design), each changeable by the command's options."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits per process unless said otherwise."""

    connections: int = 5000
    connections_per_address: int = 2500
    frames_per_s: float = 500.0
    burst_frames: float = 5000.0
    garbage_bytes: int = 64 * 1024
    refusals: int = 20
    frame_s: float = 30.0
    stranger_s: float = 120.0
    idle_s: float = 3700.0
    unread_s: float = 30.0
    write_buffer_bytes: int = 64 * 1024
    pending_bytes: int = 32 * 1024 * 1024
    packets_s: float = 60.0
    remembered_keys: int = 100_000
    incident_s: float = 10.0
    status_s: float = 2.0
    future_s: float = 86_400.0
    past_s: float = 400 * 86_400.0
    clock_off_s: float = 86_400.0
