"""The use cases of writing a declaration and of sending it off."""
