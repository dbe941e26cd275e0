"""Customs' system BADR: EDIFACT CUSRES in, canonical events out. The profile is ours: none was published."""
