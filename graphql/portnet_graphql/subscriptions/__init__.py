"""What an app hears."""
