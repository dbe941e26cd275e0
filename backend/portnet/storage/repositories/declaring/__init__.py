"""What declaring goods reads and loads."""
