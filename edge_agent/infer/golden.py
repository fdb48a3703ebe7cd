"""Golden samples: the inputs that an entry carries, and whether the model still says of them what it said."""

import base64
import binascii
import math

import numpy as np
from numpy.typing import NDArray

from edge_agent.infer.registry import Golden, ModelEntry

TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}
_STEP = 2_654_435_761  # Knuth's multiplicative hash


def golden_input(golden: Golden, entry: ModelEntry) -> NDArray[np.generic]:
    """Return a batch of one. Raises ValueError when it has another size or is no picture."""
    wanted, count = TYPES[entry.input.type], math.prod(entry.input.shape)
    if golden.noise is not None:
        flat = noise(golden.noise, count)
    elif golden.picture:
        flat = _picture(golden.picture, entry)
    else:
        flat = np.asarray(golden.input)
    if flat.size != count:
        raise ValueError("has another size")
    return flat.astype(wanted).reshape(1, *entry.input.shape)


def noise(seed: int, count: int) -> NDArray[np.uint8]:
    """Return bytes that are the same everywhere, for ever."""
    number = (np.arange(count, dtype=np.uint64) + np.uint64(seed)) * np.uint64(_STEP)
    mixed: NDArray[np.uint8] = ((number ^ (number >> np.uint64(15))) >> np.uint64(7)).astype(np.uint8)
    return mixed


def sampled(output: NDArray[np.float32], every: int) -> NDArray[np.float32]:
    """Return what of an output is compared."""
    return output.ravel()[::every]


def _picture(text: str, entry: ModelEntry) -> NDArray[np.uint8]:
    import cv2  # only models that see need it: an agent of lifts starts without OpenCV

    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("is no base64") from error
    found = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if found is None:
        raise ValueError("is no picture")
    if entry.picture is not None and entry.picture.layout == "nchw":
        found = found.transpose(2, 0, 1)
    return np.ascontiguousarray(found).astype(np.uint8).ravel()
