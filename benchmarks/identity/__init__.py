"""What signing in costs those who are signed in."""
