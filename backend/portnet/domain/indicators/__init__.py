"""How long the agencies' steps take and how well they go: definitions, measures, and histograms that sum them up."""
