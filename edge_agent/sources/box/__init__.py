"""Retrofit boxes: their serial protocol, the time of their samples, and what can be wrong with one (docs/lifts.md)."""
