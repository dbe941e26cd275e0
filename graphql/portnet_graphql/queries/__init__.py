"""What an app reads: one class of root fields for each noun."""
