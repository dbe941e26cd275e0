"""What paying needs of the world outside."""
