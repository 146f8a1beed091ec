"""Time series: what telemetry sends, kept without loss and handed on exactly once."""
