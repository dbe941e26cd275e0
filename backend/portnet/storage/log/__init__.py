"""The log, and the read model that it tells."""
