"""Workbooks: hostile files refused before they are read, sheets read in columns, faults marked by streaming, templates written."""
