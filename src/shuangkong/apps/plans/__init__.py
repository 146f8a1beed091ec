"""Plan, clauses, duties, law library, local rules."""
