"""What the terminal phone lets a person do: type, ask the server for something, see whom to call."""
