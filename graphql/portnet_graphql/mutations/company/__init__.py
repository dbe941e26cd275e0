"""What a company arranges for itself: its people, and the brokers who work for it."""
