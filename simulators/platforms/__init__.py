"""Simulated lift platforms: they hear the lifts' terminals and push JSON, each make in its own dialect."""
