"""The judge of a road's surface."""
