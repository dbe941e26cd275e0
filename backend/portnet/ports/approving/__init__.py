"""What the use cases of approving need of the rest of the house."""
