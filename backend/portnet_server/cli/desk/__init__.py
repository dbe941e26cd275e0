"""What the help desk types."""
