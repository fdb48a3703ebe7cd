"""Turn a detector's raw output into boxes: YOLOX and NanoDet, as their entries in models.toml describe them."""

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.infer.registry import Decoder

Floats = NDArray[np.float32]


class Boxes(msgspec.Struct, frozen=True):
    """What was found in one picture, the surest first."""

    corners: Floats  # (n, 4): left, top, right, bottom in pixels of the model's input
    scores: Floats  # (n,), 0 to 1
    labels: NDArray[np.int64]  # (n,)


def decode(output: Floats, decoder: Decoder, *, size: tuple[int, int], vehicles: list[int]) -> Boxes:
    """Return the vehicles in the output (cells, numbers) for an input of ``size`` (height, width)."""
    raw = _yolox(output, decoder, size) if decoder.kind == "yolox" else _nanodet(output, decoder, size)
    corners, scores = raw
    mine = scores[:, vehicles]
    best = mine.argmax(axis=1)
    sure = mine[np.arange(len(mine)), best]
    kept = np.flatnonzero(sure >= decoder.least_score)
    kept = kept[np.argsort(-sure[kept], kind="stable")]
    return apart(Boxes(corners[kept], sure[kept], np.asarray(vehicles)[best[kept]]), decoder.most_overlap)


def apart(boxes: Boxes, most_overlap: float) -> Boxes:
    """Return the boxes without those that lie on a surer one."""
    sides = boxes.corners.copy()
    sides[:, 2:] -= sides[:, :2]
    kept = list(cv2.dnn.NMSBoxes(sides.tolist(), boxes.scores.tolist(), 0.0, most_overlap)) if len(sides) else []
    return Boxes(boxes.corners[kept], boxes.scores[kept], boxes.labels[kept])


def join(parts: list[Boxes]) -> Boxes:
    """Return the boxes of several parts of a picture, the surest first."""
    corners, scores = np.concatenate([one.corners for one in parts]), np.concatenate([one.scores for one in parts])
    labels = np.concatenate([one.labels for one in parts])
    order = np.argsort(-scores, kind="stable")
    return Boxes(corners[order], scores[order], labels[order])


def _yolox(output: Floats, decoder: Decoder, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return corners and class scores; a cell says centre, logarithm of size, objectness, classes."""
    cells, strides = _grid(decoder.strides, size)
    centres = (output[:, :2] + cells) * strides
    halves = np.exp(np.minimum(output[:, 2:4], 20.0)) * strides / 2
    corners = np.hstack([centres - halves, centres + halves])
    return corners.astype(np.float32), output[:, 5:] * output[:, 4:5]


def _nanodet(output: Floats, decoder: Decoder, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return corners and class scores; a cell says classes, then for each side how likely each distance is."""
    cells, strides = _grid(decoder.strides, size)
    classes = output.shape[1] - 4 * decoder.bins
    likely = output[:, classes:].reshape(-1, 4, decoder.bins)
    likely = np.exp(likely - likely.max(axis=2, keepdims=True))
    away = (likely / likely.sum(axis=2, keepdims=True)) @ np.arange(decoder.bins, dtype=np.float32) * strides
    centres = cells * strides
    corners = np.hstack([centres - away[:, :2], centres + away[:, 2:]])
    return corners.astype(np.float32), output[:, :classes]


def _grid(strides: tuple[int, ...], size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return column and row of each cell and its stride, level by level, row by row."""
    cells, steps = [], []
    for stride in strides:
        rows, columns = -(-size[0] // stride), -(-size[1] // stride)
        y, x = np.mgrid[0:rows, 0:columns]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        steps.append(np.full((rows * columns, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(steps).astype(np.float32)
