"""Cameras: a supervised process each, which grabs, doubts and judges pictures; only words leave it (docs/cameras.md)."""
