"""Whose approval what needs, and what became of it."""
