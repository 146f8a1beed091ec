"""Energy accounts; they read the ledger."""
