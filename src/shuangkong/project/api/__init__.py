"""The HTTP API: routers of the apps put together, one way in, one shape of problems."""

from __future__ import annotations

from .assembly import api

__all__ = ["api"]
