"""The model that a profile of boxes asks for: one session for all of them; without it thresholds decide, as is said."""

import logging

import msgspec

from device_profiles.profile import BoxLine
from edge_agent.judge.ride.ride import Classify

logger = logging.getLogger(__name__)

THRESHOLDS = "thresholds"


class Motion(msgspec.Struct, frozen=True):
    """What classifies the windows of boxes."""

    classify: Classify | None = None  # None: thresholds alone
    name: str = THRESHOLDS  # what readings say


def load_motion_of(spec: BoxLine) -> Motion:
    """Return the model. One that is refused is logged, and thresholds decide: a box without a model still watches.

    Raises ConfigError when ``models.toml`` cannot be read.
    """
    if not spec.model:
        return Motion()
    # imported here, so that an agent without boxes loads no runtime
    from edge_agent.infer.model import ModelRefused, Refusal, load_model
    from edge_agent.infer.registry import models_folder
    from edge_agent.judge.ride.window import LABELS

    try:
        model = load_model(spec.model, folder=models_folder())
        if model.labels != LABELS:
            raise ModelRefused(spec.model, Refusal.LABELS, f"{model.labels} are not {LABELS}")
    except ModelRefused as error:
        logger.error("%s; thresholds decide", error)
        return Motion(name=f"{THRESHOLDS}: {spec.model} {error.refusal}")
    return Motion(model, spec.model)
