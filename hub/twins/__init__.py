"""The last known state of each device, with its age."""
