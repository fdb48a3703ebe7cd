"""The judge of lifts."""
