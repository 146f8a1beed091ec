"""Packs: all that is one city's, as files. ``format`` says what they hold, ``checking`` finds faults, ``loading`` takes them in."""
