"""Pages of the plan: clauses with their owners, obligations, targets, actions, annexes."""
