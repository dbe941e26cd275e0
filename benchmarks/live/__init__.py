"""A real server as a process of its own, and the phones and agencies that load it from this one."""
