"""What the demo's companies declare: some of it was begun before the demo, and all of it the agencies go on with."""
