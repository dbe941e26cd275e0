"""What people write as TOML: procedures, their lists, stories. Read, and checked, with every fault named at once."""
