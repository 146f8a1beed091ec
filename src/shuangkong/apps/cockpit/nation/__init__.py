"""The published national series with its break of 2023."""
