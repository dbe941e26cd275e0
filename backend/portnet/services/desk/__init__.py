"""The use cases of the help desk."""
