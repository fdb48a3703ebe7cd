"""Score zones with a model: a patch classifier zone by zone, a detector by the boxes that cover a zone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge_agent.infer.model import Model, ModelRefused, Refusal, load_model
from edge_agent.infer.registry import size_of
from edge_agent.vision.patches import Frame, Patches, Polygon

AT_ONCE = 16  # patches in one run of the session: their features fit the cache


class PatchScorer:
    """A classifier of patches."""

    def __init__(self, model: Model, polygons: Sequence[Polygon]) -> None:
        picture, decoder = model.entry.picture, model.entry.decoder
        if picture is None or decoder is None:
            raise ModelRefused("classifier", Refusal.INPUT, "its entry says neither picture nor decoder")
        self._model = model
        self._patches = Patches(polygons, size=size_of(model.entry)[0], context=picture.context, dim=picture.dim)
        self._unsure = decoder.unsure
        self._vehicles = [model.labels.index(label) for label in decoder.vehicles]

    def score(self, frame: Frame, which: Sequence[int]) -> list[float | None]:
        """Return the probability of a vehicle in each zone, None when it is dark, blank or uncertain."""
        patches = self._patches.cut(frame, which)
        runs = [self._model(patches[low : low + AT_ONCE]) for low in range(0, len(patches), AT_ONCE)]
        sure = np.concatenate(runs)[:, self._vehicles].sum(axis=1).tolist()
        return [self._told(probability) for probability in sure]

    def _told(self, probability: float) -> float | None:
        low, high = self._unsure
        return None if low < probability < high else probability


def scorer(model: Model, polygons: Sequence[Polygon]) -> PatchScorer:
    """Return what scores ``polygons`` with a model, by what its entry says."""
    return PatchScorer(model, polygons)


def load_scorer(name: str, polygons: Sequence[Polygon], *, folder: Path | None = None, files: Path | None = None,
                threads: int = 1) -> PatchScorer:  # fmt: skip
    """Return the same with the model of that name. Raises ModelRefused or ConfigError."""
    return scorer(load_model(name, folder=folder, files=files, threads=threads), polygons)
