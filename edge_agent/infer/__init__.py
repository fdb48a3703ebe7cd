"""Inference at the edge: models from `models/`, each checked before it is believed."""
