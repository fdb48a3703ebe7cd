"""What comes in from the edge, and how it moves a device's time: births, readings, events, heartbeats, silence."""
