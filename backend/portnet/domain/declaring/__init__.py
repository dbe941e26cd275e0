"""Declarations: the forms that people fill in, what is read out of them, their papers and indicative duties."""
