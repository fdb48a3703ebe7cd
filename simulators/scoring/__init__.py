"""What a run is worth: what had to happen against what was heard, told, seen and kept; and runs that must fail."""
