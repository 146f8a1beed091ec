"""The one explicit list of calculators; one thin module per domain."""
