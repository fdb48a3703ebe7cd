"""Rain that falls before a road is taken out of its pictures; what stays is not."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.judge.road.blob import Box
from edge_agent.vision.road.rain import NEAR_S, Rain
from edge_agent.vision.road.surface import Surface
from edge_agent.vision.zones import read_zones

ROAD = {"id": "1", "kind": "road", "polygon": [[10, 10], [300, 10], [300, 170], [10, 170]], "m_per_px": 0.035}
Pixels = NDArray[np.uint8]


class _Holes:
    """A model to which everything is a hole."""

    def classify(self, after: Pixels, before: Pixels, boxes: Sequence[Box]) -> list[dict[str, float]]:  # noqa: ARG002
        """Return it."""
        return [{"hole": 1.0} for _ in boxes]


def _streaked(number: int, *, hole: bool = False) -> Pixels:
    """Return a road in the rain: bright streaks, elsewhere each time."""
    ground = np.random.default_rng(1).normal(90, 5, (180, 320, 1)).repeat(3, axis=2)
    picture = np.clip(ground, 0, 255).astype(np.uint8)
    for x in range(0, 320, 40):
        cv2.rectangle(picture, (x, 0), (x + 15, 8), (200, 200, 200), -1)
        cv2.rectangle(picture, (x, 172), (x + 20, 180), (40, 40, 40), -1)
    if hole:
        cv2.circle(picture, (150, 90), 25, (20, 20, 20), -1)
    rng = np.random.default_rng([2, number])
    for _ in range(100):
        x, y, length = int(rng.integers(320)), int(rng.integers(180)), int(rng.integers(6, 14))
        cv2.line(picture, (x, y), (x + 1, y + length), (150, 150, 150), 1)
    return picture


def test_the_middle_of_three_looks_has_no_streaks() -> None:
    """What one look shows goes; what two show is there."""
    rain, plain = Rain(), np.full((20, 20), 90, np.uint8)
    for number in range(6):
        wet = plain.copy()
        wet[number] = 200
        seen = rain.without(wet, number * 0.2)
        assert (seen == wet).all() if number < 2 else (seen == plain).all()
    dark = np.full_like(plain, 20)
    assert (rain.without(dark, 1.2) == plain).sum() > 350
    assert (rain.without(dark, 1.4) == dark).all()


def test_looks_that_are_far_apart_are_taken_as_they_are() -> None:
    """A still a minute shows another light; a clock that went back begins anew."""
    rain = Rain()
    for t_s, tone in ((0.0, 90), (0.2, 90), (0.4, 90), (0.5 + NEAR_S, 40), (1.0, 60)):
        picture = np.full((4, 4), tone, np.uint8)
        assert (rain.without(picture, t_s) == picture).all()


def test_a_road_in_the_rain_is_sound_and_a_hole_in_it_is_found(tmp_path: Path) -> None:
    """From the fourth look on, though the first ones have streaks; the hole within two seconds."""
    path = tmp_path / "zones.json"
    path.write_text(json.dumps({"width": 320, "height": 180, "zones": [ROAD]}), encoding="utf-8")
    surface = Surface(read_zones(path), _Holes())
    for number in range(40):
        seen = surface.look(_streaked(number), number * 200_000)
        assert number < 3 or not seen.blobs.get("1", ())
    for number in range(40, 50):
        seen = surface.look(_streaked(number, hole=True), number * 200_000)
    (blob,) = seen.blobs["1"]
    assert 1.5 < blob.area_m2 < 5
