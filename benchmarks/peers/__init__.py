"""The baselines: the bare drivers, as their authors would use them, writing the rows that our path wrote."""
