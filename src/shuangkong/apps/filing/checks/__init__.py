"""The checks of the catalogue at work: what they look at, which are on, what they found, and who explained or suppressed it."""
