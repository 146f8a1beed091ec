"""The log, its chain and anchors."""
