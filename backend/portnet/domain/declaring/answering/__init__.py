"""Answers one by one and together: how they are spelled, laid out, judged and worded. `checking` and `reading` use it."""
