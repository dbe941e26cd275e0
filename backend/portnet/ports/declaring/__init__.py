"""What may be read of declarations."""
