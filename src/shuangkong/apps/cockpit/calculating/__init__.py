"""The calculators as pages: forms made from their definitions."""
