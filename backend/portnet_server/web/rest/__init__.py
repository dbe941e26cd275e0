"""What is served beside GraphQL, one address a module."""
