"""What a camera sees of a road's surface."""
