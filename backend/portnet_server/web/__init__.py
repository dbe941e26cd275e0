"""Our HTTP and WebSocket endpoints."""
