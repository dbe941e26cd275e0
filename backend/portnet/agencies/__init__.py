"""The agencies' adapters: each turns what one kind of source sends into the canonical event. None imports another."""
