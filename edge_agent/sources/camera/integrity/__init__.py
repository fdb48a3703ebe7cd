"""Integrity: whether a camera's picture is one of now, of the right place, and sharp; pure, times are given."""
