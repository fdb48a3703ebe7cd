"""How fast the city answers an alarm: its clocks, their targets, and what share was met."""
