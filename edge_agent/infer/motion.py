"""The model of a lift's motion, for the judge of rides."""

import logging
from pathlib import Path

from device_profiles.errors import ConfigError
from edge_agent.infer.model import Model, ModelRefused, Refusal, load_model
from edge_agent.judge.ride.window import LABELS

logger = logging.getLogger(__name__)

NAME = "lift_motion"


def motion_or_none() -> Model | None:
    """Return the model, None when it is refused: then thresholds judge alone, and the log says why."""
    try:
        return load_motion()
    except (ModelRefused, ConfigError) as error:
        logger.error("rides are judged by thresholds alone: %s", error)
        return None


def load_motion(folder: Path | None = None) -> Model:
    """Return the model. Raises ModelRefused, also when its labels are not the judge's."""
    model = load_model(NAME, folder=folder)
    if model.labels != LABELS:
        raise ModelRefused(NAME, Refusal.LABELS, f"{model.labels} are not {LABELS}")
    return model
