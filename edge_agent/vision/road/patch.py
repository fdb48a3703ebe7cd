"""Tell what a change of the road is, from the picture after it and the picture before it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge_agent.infer.model import Model, ModelRefused, Refusal, load_model
from edge_agent.vision.patches import Frame

NAME = "road_patch"
LABELS = ("hole", "water", "vehicle", "person", "object", "shadow", "sound")
UNKNOWN = "unknown"  # no label of the model: what is said when none of them is sure enough
SURE = 0.5  # the likeliest class is believed from here on; the classes' probabilities add up to 1
SIZE = 64  # px of a patch
CONTEXT = 0.4  # of the box's longer side, shown on each side of it: what the road beside it looks like
LEAST_PX = 16  # side of a square: fewer pixels show nothing, so that more of the road is shown instead
AT_ONCE = 8  # pairs in one run of the session: their features fit the cache

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels; x1 and y1 lie outside


class RoadPatch:
    """The model of one camera's road. One thread uses it."""

    def __init__(self, model: Model) -> None:
        if model.labels != LABELS:
            raise ModelRefused(NAME, Refusal.LABELS, f"{model.labels} are not {LABELS}")
        if model.entry.input.shape != (2 * SIZE, SIZE, 3):
            raise ModelRefused(NAME, Refusal.INPUT, f"it takes {model.entry.input.shape}, not a pair of patches")
        self.sha256 = model.sha256
        self._model = model

    def classify(self, after: Frame, before: Frame, boxes: Sequence[Box]) -> list[dict[str, float]]:
        """Return for each box the probability of every label, in the boxes' order.

        Both frames are (height, width, 3) BGR bytes of one size, else ValueError; a box may reach beyond them.
        """
        if after.shape != before.shape or after.ndim != 3:
            raise ValueError(f"frames of {after.shape} and {before.shape} are no pair")
        told: list[dict[str, float]] = []
        for low in range(0, len(boxes), AT_ONCE):
            told += self.told_of(np.stack([pair(after, before, box) for box in boxes[low : low + AT_ONCE]]))
        return told

    def told_of(self, pairs: Frame) -> list[dict[str, float]]:
        """Return the same for pairs that were cut already, (n, 128, 64, 3)."""
        return [dict(zip(LABELS, row, strict=True)) for row in self._model(pairs).tolist()]


def load_road_patch(folder: Path | None = None, *, files: Path | None = None, threads: int = 1) -> RoadPatch:
    """Return the model. Raises ModelRefused, or ConfigError when models.toml cannot be read."""
    return RoadPatch(load_model(NAME, folder=folder, files=files, threads=threads))


def named(scores: Mapping[str, float]) -> str:
    """Return the likeliest class, UNKNOWN when it is less likely than SURE or when nothing was scored."""
    likeliest = max(scores, key=lambda label: scores[label], default=UNKNOWN)
    return likeliest if scores.get(likeliest, 0.0) >= SURE else UNKNOWN


def pair(after: Frame, before: Frame, box: Box) -> Frame:
    """Return (128, 64, 3): the square round a box as it is, and below it as it was."""
    return np.concatenate([_patch(after, box), _patch(before, box)])


def _patch(frame: Frame, box: Box) -> Frame:
    """Return the square, shrunk by averaging; beyond the frame its border goes on."""
    x0, y0, x1, y1 = box
    side = max(LEAST_PX, round(max(x1 - x0, y1 - y0) * (1 + 2 * CONTEXT)))
    side = min(side, 2 * max(frame.shape))
    left, top = round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2)
    rows = np.arange(top, top + side).clip(0, frame.shape[0] - 1)
    columns = np.arange(left, left + side).clip(0, frame.shape[1] - 1)
    way = cv2.INTER_AREA if side > SIZE else cv2.INTER_LINEAR
    patch: Frame = cv2.resize(frame[rows[:, None], columns], (SIZE, SIZE), interpolation=way).astype(np.uint8)
    return patch
