"""Measures (调控): the library, the choice that closes a gap at least cost, and its kept versions."""
