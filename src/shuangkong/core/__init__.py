"""Pure domain arithmetic: no Django, files, clock or network. What it needs of parameters is stated in :mod:`.book`."""
