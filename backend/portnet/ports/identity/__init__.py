"""What the use cases of people and companies need from outside."""
