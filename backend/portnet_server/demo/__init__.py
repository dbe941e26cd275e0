"""A single window to try out: companies with their people, and agencies that act by themselves. Sandbox only."""
