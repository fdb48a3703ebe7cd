"""A detector's numbers become boxes as its entry says."""

import numpy as np
import pytest

from edge_agent.infer.registry import Decoder
from edge_agent.vision.decoders import decode

SIZE = (64, 96)  # height, width of the input
CELLS = 8 * 12 + 4 * 6  # of strides 8 and 16
YOLOX = Decoder("yolox", vehicles=("car", "bus"), least_score=0.3, strides=(8, 16))
NANODET = Decoder("nanodet", vehicles=("car",), least_score=0.3, strides=(8, 16), bins=8)


def _yolox(*found: tuple[int, list[float]]) -> np.ndarray:
    output = np.zeros((CELLS, 5 + 3), np.float32)
    for cell, numbers in found:
        output[cell] = numbers
    return output


def test_yolox_says_centre_size_and_class() -> None:
    """A cell's centre is its own place and an offset, in strides; its score is objectness by class."""
    cell = 96 + 2 * 6 + 3  # row 2, column 3 at stride 16
    output = _yolox((cell, [0.5, 0.25, np.log(2), np.log(1), 0.8, 0.1, 0.9, 0.0]))
    found = decode(output, YOLOX, size=SIZE, vehicles=[1, 2])
    assert found.corners[0].tolist() == pytest.approx([56 - 16, 36 - 8, 56 + 16, 36 + 8])
    assert found.scores.tolist() == pytest.approx([0.72])
    assert found.labels.tolist() == [1]


def test_what_is_no_vehicle_is_no_box() -> None:
    """A person is sure, but nobody asked for persons."""
    output = _yolox((0, [0, 0, 2, 2, 0.9, 0.9, 0.1, 0.2]))
    assert len(decode(output, YOLOX, size=SIZE, vehicles=[1, 2]).scores) == 0


def test_two_boxes_of_one_vehicle_are_one() -> None:
    """The surer one stays; one beside it stays too."""
    output = _yolox((0, [2, 2, 1, 1, 0.8, 0, 1, 0]), (1, [1.1, 2, 1, 1, 0.9, 0, 1, 0]), (8, [0, 2, 1, 1, 0.7, 0, 1, 0]))
    assert decode(output, YOLOX, size=SIZE, vehicles=[1, 2]).scores.tolist() == pytest.approx([0.9, 0.7])


def test_nanodet_says_distances_as_distributions() -> None:
    """Each side's distance is the mean of its bins, in strides."""
    output = np.zeros((CELLS, 1 + 32), np.float32)
    cell = 3 * 12 + 5  # row 3, column 5 at stride 8
    output[cell, 0] = 0.7
    for side, bin_ in enumerate((2, 1, 3, 1)):
        output[cell, 1 + side * 8 + bin_] = 50.0
    found = decode(output, NANODET, size=SIZE, vehicles=[0])
    assert found.corners[0].tolist() == pytest.approx([40 - 16, 24 - 8, 40 + 24, 24 + 8], abs=1e-3)
    assert found.scores.tolist() == pytest.approx([0.7])


def test_nothing_found_is_empty() -> None:
    """No box, no crash."""
    found = decode(_yolox(), YOLOX, size=SIZE, vehicles=[1, 2])
    assert found.corners.shape == (0, 4)
