"""The carbon page of a place: total, intensity and progress, by fuel and source, and all places side by side."""
