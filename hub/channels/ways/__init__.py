"""The ways to a receiver: one file for each, and one that opens what a receiver asks for."""
