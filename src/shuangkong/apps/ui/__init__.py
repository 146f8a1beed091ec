"""Layout, components, tables and charts; no models."""
