"""Bring pictures to the order, layout and range that a model's entry asks for."""

import numpy as np
from numpy.typing import NDArray

from edge_agent.infer.golden import TYPES
from edge_agent.infer.registry import ModelEntry, Picture


def prepared(pictures: NDArray[np.uint8], entry: ModelEntry, picture: Picture) -> NDArray[np.generic]:
    """Return (n, rows, columns, 3) BGR bytes as the model takes them; as they are when it takes just that."""
    ordered = pictures[..., ::-1] if picture.order == "rgb" else pictures
    plain = set(picture.mean) == {0.0} and set(picture.std) == {1.0}
    value = ordered if plain else (ordered - np.array(picture.mean, np.float32)) / np.array(picture.std, np.float32)
    turned = value.transpose(0, 3, 1, 2) if picture.layout == "nchw" else value
    return np.ascontiguousarray(turned, dtype=TYPES[entry.input.type])
