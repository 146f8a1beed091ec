"""Indicators, targets, values, progress, warning."""
