"""The four annex tables of a plan in and out as workbooks, with the columns that officials use."""
