"""What the help desk works on."""
