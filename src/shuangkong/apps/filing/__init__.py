"""Filing and review: who owes which form, drafts, rounds, findings; what is accepted goes to the ledger."""
