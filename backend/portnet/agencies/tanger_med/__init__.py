"""Tanger Med's port community system: DCSA Track & Trace 3 events in, canonical events out. The profile is ours."""
