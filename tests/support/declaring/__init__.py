"""Writing declarations in tests: a form of few questions, and apps that fill it in."""
