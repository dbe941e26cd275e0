"""Attempts to get in, counted in this process or in Redis for all of them."""
