"""Approvals, the rules that ask for them, and who lends whom the right to decide."""
