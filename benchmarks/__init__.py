"""How fast and how small: each benchmark compares with a baseline inside one run. Nothing here is imported by the product."""
