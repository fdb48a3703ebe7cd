"""What stands behind the scripts of roads: potholes to paste, things to draw, pairs of moments, the net."""
