"""Score zones with a model: a patch classifier zone by zone, a detector by the boxes that cover a zone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from edge_agent.infer.model import Model, ModelRefused, Refusal
from edge_agent.infer.registry import size_of
from edge_agent.vision.boxes import BoxScorer
from edge_agent.vision.normal import prepared
from edge_agent.vision.patches import Frame, Patches
from edge_agent.vision.zone import Polygon

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
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="patches")  # cuts the next patches while the model runs
        self._vehicles = [model.labels.index(label) for label in decoder.vehicles]

    def score(self, frame: Frame, which: Sequence[int]) -> list[float | None]:
        """Return the probability of a vehicle in each zone, None when the model cannot tell."""
        low, high = self._unsure
        return [None if low < sure < high else sure for sure in self.probabilities(frame, which)]

    def probabilities(self, frame: Frame, which: Sequence[int]) -> list[float]:
        """Return what the model says, sure or not."""
        parts = [list(which[low : low + AT_ONCE]) for low in range(0, len(which), AT_ONCE)]
        cut = self._cut(frame, parts[0], 0)
        told = []
        for number, part in enumerate(parts, start=1):
            begun = number < len(parts)
            coming = self._hands.submit(self._cut, frame, parts[number], number * AT_ONCE) if begun else None
            told.append(self._model(cut)[: len(part), self._vehicles].sum(axis=1))
            cut = coming.result() if coming else cut
        sure: list[float] = np.concatenate(told).tolist()
        return sure

    def _cut(self, frame: Frame, which: Sequence[int], at: int) -> NDArray[np.generic]:
        return prepared(self._patches.cut(frame, which, at=at), self._model.entry, self._picture)


def scorer(model: Model, polygons: Sequence[Polygon]) -> PatchScorer | BoxScorer:
    """Return what scores ``polygons`` with a model, by what its entry says. Raises ModelRefused."""
    decoder = model.entry.decoder
    if decoder is None or decoder.kind == "classifier":
        return PatchScorer(model, polygons)
    return BoxScorer(model, polygons)
