"""Targets: what a plan asks of a region, an industry or under an action, the way to it, and how a target is changed."""
