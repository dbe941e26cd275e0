"""The use cases: one async function each, one transaction each. They speak to the world through ports only."""
