"""What an app does with declarations."""
