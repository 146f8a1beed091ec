"""Industries and key energy-using units: what they use, how they stand against limits and benchmarks, their forecast."""
