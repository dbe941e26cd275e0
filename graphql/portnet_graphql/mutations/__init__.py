"""What an app does: one class of root fields for each noun, with its inputs and results."""
