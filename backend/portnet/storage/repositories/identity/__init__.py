"""What is read of people and of how they show who they are."""
