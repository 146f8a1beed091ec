"""Template tags of the pages that look across."""
