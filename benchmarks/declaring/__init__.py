"""Declarations as large as a phone may make them, on the way from its draft to an agency."""
