"""Declarations: the forms that people fill in, what may stand in them, and what is read out of them."""
