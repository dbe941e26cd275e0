"""What declaring goods needs of the rest of the house."""
