"""Channels tell the alarm engine's transitions to the world; each keeps its own place among them."""
