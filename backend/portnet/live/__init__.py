"""From a commit to the phones: who follows which feed, and how processes tell each other that one moved."""
