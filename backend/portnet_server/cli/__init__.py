"""The command `portnet`. Each module is one command or group; errors are one line, never a traceback."""
