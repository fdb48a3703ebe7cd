"""The windows that the model sees: 4.8 s of vertical acceleration, roughness and sideways acceleration at 10 Hz."""

import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.ride.signal import Array, signed_length, smooth
from edge_agent.judge.ride.track import View

LABELS = ("still", "accelerating_up", "accelerating_down", "cruising", "braking", "door_people", "shock")
BRAKING = 4
MOVING = (1, 2, BRAKING)  # labels of a drive at work
CHANNELS = ("vertical", "roughness", "sideways")
WINDOW = 48  # bins: long enough to see what was before and after a pulse
HOP = 5  # bins from one window to the next
EDGE = 3  # bins beside a window that smoothing reaches


def windows(view: View, centres: NDArray[np.int64], *, gravity: float) -> NDArray[np.float32]:
    """Return (n, channels, WINDOW) round ``centres``, bins in the view; beyond its ends the last bin is repeated."""
    low = max(0, int(centres[0]) - WINDOW // 2 - EDGE)
    high = min(len(view), int(centres[-1]) + WINDOW // 2 + EDGE)
    mean, spread = view.mean[low:high], view.spread[low:high]
    at = np.clip(centres[:, None] - low + np.arange(-(WINDOW // 2), WINDOW // 2), 0, len(mean) - 1)
    soft = smooth(mean, 3)
    length = signed_length(soft, mean)
    off = mean - smooth(mean, 5)
    rough = np.log1p(10.0 * np.sqrt(spread**2 + (off**2).sum(axis=1)))
    vectors = soft[at]
    return np.stack(
        [np.clip(length[at] - gravity, -4, 4), rough[at], np.log1p(10.0 * _sideways(vectors))], axis=1
    ).astype(np.float32)


def _sideways(vectors: Array) -> Array:
    """Return how far each vector of a window points away from the window's mean, m/s²."""
    mean = vectors.mean(axis=1)
    unit = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    along = np.einsum("nij,nj->ni", vectors, unit)
    across: Array = np.sqrt(np.maximum((vectors**2).sum(axis=2) - along**2, 0.0))
    return across
