"""The judge of ground sensors."""
