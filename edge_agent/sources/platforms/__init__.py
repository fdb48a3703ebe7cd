"""Lift platforms that push JSON: one feed, two ways in."""
