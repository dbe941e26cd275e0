"""Paying: what is owed, what is under way for it, and what nobody may pay a second time."""
