"""Stand-ins for the hardware and the city, at the wire, and the runs that score the real programs."""
