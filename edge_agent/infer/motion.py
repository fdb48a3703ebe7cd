"""The model of a lift's motion, for the judge of rides."""

from pathlib import Path

from edge_agent.infer.model import Model, ModelRefused, Refusal, load_model
from edge_agent.judge.ride_window import LABELS

NAME = "lift_motion"


def load_motion(folder: Path | None = None) -> Model:
    """Return the model. Raises ModelRefused, also when its labels are not the judge's."""
    model = load_model(NAME, folder=folder)
    if model.labels != LABELS:
        raise ModelRefused(NAME, Refusal.LABELS, f"{model.labels} are not {LABELS}")
    return model
