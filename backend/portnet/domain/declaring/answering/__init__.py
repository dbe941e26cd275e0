"""Answers by themselves and together: how they are spelled, laid out, judged and worded."""
