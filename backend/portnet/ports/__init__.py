"""What the services need from the world, in the core's words. Each port is small; adapters live in the other rooms."""
