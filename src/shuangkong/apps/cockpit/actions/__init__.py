"""The ten key actions: what each is measured by, who owes what by when, and whether it is on time."""
