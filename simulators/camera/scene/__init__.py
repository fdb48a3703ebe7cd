"""What is there, as the truth: vehicles on their tracks, what befalls a road, the weather, and the lens that looks."""
