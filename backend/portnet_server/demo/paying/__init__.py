"""The payment provider of the demo."""
