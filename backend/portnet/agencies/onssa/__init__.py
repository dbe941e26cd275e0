"""ONSSA: UN/CEFACT SPS acknowledgements in, canonical events out. The profile is ours: none was published."""
