"""What a retrofit box in a lift's car feels: rides, dead stops, everyday life, and what looks like a ride."""
