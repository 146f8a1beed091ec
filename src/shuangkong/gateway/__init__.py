"""The telemetry gateway: asyncio servers that keep every acknowledged frame.  Never sees Django."""
