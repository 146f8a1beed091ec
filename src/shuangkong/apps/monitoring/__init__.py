"""Monitoring: registered devices, what came from them, and what an operator must see of it."""
