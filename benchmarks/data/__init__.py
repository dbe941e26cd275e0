"""The data set of the intake's benchmark: 100,000 dossiers, made once and copied for each run."""
