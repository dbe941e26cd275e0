"""Asking for approvals, deciding them, lending the right to decide."""
