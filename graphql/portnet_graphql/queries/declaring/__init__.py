"""What an app reads of declarations."""
