"""Seeing: zones of a picture, and what a model says of them."""
