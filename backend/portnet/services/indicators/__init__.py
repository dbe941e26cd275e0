"""Indicators: counted behind the intake, read by companies and by everybody."""
