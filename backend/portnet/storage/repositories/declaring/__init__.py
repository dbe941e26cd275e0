"""Declarations, as their company and its broker read them."""
