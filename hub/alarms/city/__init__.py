"""What the city has laid down: its policy, its ladders, and what the clock does by them."""
