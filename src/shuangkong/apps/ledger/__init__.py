"""Accepted quantities."""
