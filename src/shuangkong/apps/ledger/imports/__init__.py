"""The kinds of import that go to the ledger: one file each, listed in ``settings.IMPORT_KINDS``."""
