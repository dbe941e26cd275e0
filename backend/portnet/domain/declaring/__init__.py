"""Declaring goods: papers and what they weigh, indicative duties."""
