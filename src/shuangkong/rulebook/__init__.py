"""Numbers and lists that a text prescribes, as dated YAML rows with their sources, and the one loader."""
