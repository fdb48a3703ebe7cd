"""Score zones with a detector: the whole frame goes in, and a box that covers enough of a zone is a vehicle in it."""

from collections.abc import Sequence

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.infer.model import Model, ModelRefused, Refusal
from edge_agent.infer.registry import size_of
from edge_agent.vision.decoders import Boxes, apart, decode, join
from edge_agent.vision.normal import prepared
from edge_agent.vision.patches import Frame
from edge_agent.vision.polygon import overlap
from edge_agent.vision.zone import Polygon

SHARED = 0.2  # of a tile lies in its neighbour too, so that a vehicle on the edge is whole in one of them


class Tiles(msgspec.Struct, frozen=True):
    """A frame and its tiles: a run of the model each."""

    which: list[int]  # zones
    parts: list[tuple[NDArray[np.generic], NDArray[np.float64], tuple[int, int]]]  # batch, scale, upper left corner


class BoxScorer:
    """A detector of vehicles."""

    def __init__(self, model: Model, polygons: Sequence[Polygon]) -> None:
        if model.entry.picture is None or model.entry.decoder is None:
            raise ModelRefused(model.entry.file, Refusal.INPUT, "its entry says neither picture nor decoder")
        self._model, self._picture, self._decoder = model, model.entry.picture, model.entry.decoder
        self._polygons = polygons
        self._size = size_of(model.entry)
        self._vehicles = [model.labels.index(label) for label in self._decoder.vehicles]

    def prepare(self, frame: Frame, which: Sequence[int]) -> Tiles:
        """Return a frame and its tiles as the model takes them, and the zones that are asked for."""
        parts = [
            (*self._batch_of(frame[top:bottom, left:right]), (left, top))
            for left, top, right, bottom in self._tiles(frame)
        ]
        return Tiles(list(which), parts)

    def score(self, tiles: Tiles) -> list[float | None]:
        """Return for each zone how sure the surest box is that covers enough of it; 0 when none does."""
        found = self._all(tiles)
        return [self._zone(self._polygons[zone], found) for zone in tiles.which]

    def find(self, frame: Frame) -> Boxes:
        """Return the vehicles of a frame, in its own pixels; small ones are found in its tiles."""
        return self._all(self.prepare(frame, ()))

    def _all(self, tiles: Tiles) -> Boxes:
        found = [self._find(*part) for part in tiles.parts]
        return apart(join(found), self._decoder.most_overlap) if len(found) > 1 else found[0]

    def _find(self, batch: NDArray[np.generic], scale: NDArray[np.float64], corner: tuple[int, int]) -> Boxes:
        boxes = decode(self._model(batch)[0], self._decoder, size=self._size, vehicles=self._vehicles)
        placed = boxes.corners / scale + np.array([*corner, *corner])
        return Boxes(placed.astype(np.float32), boxes.scores, boxes.labels)

    def _tiles(self, frame: Frame) -> list[tuple[int, int, int, int]]:
        """Return left, top, right, bottom of the whole frame and of its tiles, which reach into one another."""
        height, width = frame.shape[:2]
        columns, rows = self._picture.tiles
        if columns * rows == 1:
            return [(0, 0, width, height)]
        across, down = _windows(width, columns), _windows(height, rows)
        return [(0, 0, width, height), *((x0, y0, x1, y1) for y0, y1 in down for x0, x1 in across)]

    def _zone(self, polygon: Polygon, found: Boxes) -> float:
        corners = found.corners.tolist()
        sure = zip(corners, found.scores.tolist(), strict=True)  # the surest first
        covers = self._decoder.covers
        return next((score for (x0, y0, x1, y1), score in sure if overlap(polygon, (x0, y0, x1, y1)) >= covers), 0.0)

    def _batch_of(self, frame: Frame) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
        """Return a frame as the model takes it, and by how much its x and y were scaled."""
        height, width = self._size
        across, down = width / frame.shape[1], height / frame.shape[0]
        if self._picture.fit == "letterbox":
            across = down = min(across, down)
        inner = (max(1, round(frame.shape[1] * across)), max(1, round(frame.shape[0] * down)))
        whole = np.full((height, width, 3), self._picture.pad, np.uint8)
        whole[: inner[1], : inner[0]] = cv2.resize(frame, inner, interpolation=cv2.INTER_LINEAR)
        return prepared(whole[None], self._model.entry, self._picture), np.array([across, down, across, down])


def _windows(length: int, count: int) -> list[tuple[int, int]]:
    """Return begin and end of ``count`` windows that cover a length and share a part with their neighbours."""
    size = length / (count - (count - 1) * SHARED)
    begins = [at * size * (1 - SHARED) for at in range(count)]
    return [(round(begin), min(length, round(begin + size))) for begin in begins]
