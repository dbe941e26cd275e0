"""How fast and how small: each benchmark has a baseline in the same run. The product imports nothing of it."""
