"""Reading: each repository answers one port's questions with access inside the query."""
