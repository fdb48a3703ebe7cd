"""Cameras: a supervised process each, which grabs, doubts and judges; only words leave it (docs/cameras.md)."""
