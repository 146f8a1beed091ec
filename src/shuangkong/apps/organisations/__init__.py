"""Subjects, regions, departments, people, scope."""
