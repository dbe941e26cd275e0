"""How the rooms of the house are put together."""
