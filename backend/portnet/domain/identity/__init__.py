"""Who somebody is, and what shows it."""
