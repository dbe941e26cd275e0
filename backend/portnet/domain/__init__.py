"""What the single window knows and decides: pure data and functions.

No clock, no network, no files, no log: instants, ids and texts come in as arguments.
"""
