"""Template tags of the indicators."""
