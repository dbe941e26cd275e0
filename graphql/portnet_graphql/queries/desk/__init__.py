"""What the help desk reads, and who asks it."""
