"""The whole house for a test: a real server, in the test's process or in one of its own."""
