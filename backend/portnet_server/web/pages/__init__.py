"""Pages that people read without signing in."""
