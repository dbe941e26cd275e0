"""The history of the tables, in the order of the file names. A migration that has landed is never edited."""
