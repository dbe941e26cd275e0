"""Rows that wait to be taken: claimed inside a transaction or under a lease, each settled once."""
