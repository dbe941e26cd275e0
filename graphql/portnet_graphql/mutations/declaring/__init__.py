"""Declaring goods: the tariff, papers, duties."""
