"""Template tags of filing."""
