"""Where the bytes of papers are kept."""
