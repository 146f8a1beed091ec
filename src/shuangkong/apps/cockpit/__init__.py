"""Pages that read across."""
