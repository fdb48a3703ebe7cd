"""Score zones with a model: a patch classifier zone by zone, a detector by the boxes that cover a zone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_agent.infer.model import Model, ModelRefused, Refusal
from edge_agent.infer.registry import size_of
from edge_agent.vision.boxes import BoxScorer
from edge_agent.vision.normal import prepared
from edge_agent.vision.patches import Frame, Patches
from edge_agent.vision.zone import Polygon

Prepared = NDArray[np.generic]  # patches as the model takes them
AT_ONCE = 8  # patches in one run of the session: their features fit the cache


class PatchScorer:
    """A classifier of patches."""

    def __init__(self, model: Model, polygons: Sequence[Polygon]) -> None:
        picture, decoder = model.entry.picture, model.entry.decoder
        if picture is None or decoder is None or picture.layout != "nhwc" or model.entry.input.type != "tensor(uint8)":
            raise ModelRefused(
                model.entry.file, Refusal.INPUT, "a classifier of patches takes bytes, rows by columns by 3"
            )
        self._model, self._picture = model, picture
        self._patches = Patches(polygons, size=size_of(model.entry)[0], context=picture.context, dim=picture.dim)
        self._unsure = decoder.unsure
        self._vehicles = [model.labels.index(label) for label in decoder.vehicles]

    def prepare(self, frame: Frame, which: Sequence[int]) -> Prepared:
        """Return the patches of ``which`` zones; the preparation before the last is overwritten by it."""
        return prepared(self._patches.cut(frame, which), self._model.entry, self._picture)

    def score(self, patches: Prepared) -> list[float | None]:
        """Return the probability of a vehicle in each zone, None when the model cannot tell."""
        low, high = self._unsure
        return [None if low < sure < high else sure for sure in self.probabilities(patches)]

    def probabilities(self, patches: Prepared) -> list[float]:
        """Return what the model says, sure or not."""
        runs = [self._model(patches[low : low + AT_ONCE]) for low in range(0, len(patches), AT_ONCE)]
        sure: list[float] = np.concatenate(runs)[:, self._vehicles].sum(axis=1).tolist()
        return sure


def scorer(model: Model, polygons: Sequence[Polygon]) -> PatchScorer | BoxScorer:
    """Return what scores ``polygons`` with a model, by what its entry says. Raises ModelRefused."""
    decoder = model.entry.decoder
    if decoder is None or decoder.kind == "classifier":
        return PatchScorer(model, polygons)
    return BoxScorer(model, polygons)
