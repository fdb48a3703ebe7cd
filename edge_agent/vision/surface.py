"""Find what stays changed on the road: pixels of one camera in, blobs of each road zone out."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from edge_agent.judge.blob import Blob, Box
from edge_agent.vision.patches import Frame

__all__ = ["Blob", "Box", "Classify", "SurfaceSeen"]


class Classify(Protocol):
    """What a `RoadPatch` is to us."""

    def classify(self, after: Frame, before: Frame, boxes: Sequence[Box]) -> list[dict[str, float]]:
        """Return for each box class → probability."""


class SurfaceSeen(msgspec.Struct, frozen=True):
    """What one look at the road showed."""

    blobs: Mapping[str, tuple[Blob, ...]]  # by zone; a zone that cannot be judged is in `faults` instead
    movers: tuple[Box, ...]  # what moves there now
    before: Frame  # the road as it was, without what changed
    faults: Mapping[str, str]  # zone → why it cannot be judged
