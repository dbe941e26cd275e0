"""Rows of the feeds as frames: what each shows, and the bytes that phones get."""
