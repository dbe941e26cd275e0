"""The payment provider over HTTP, and who asks it again."""
