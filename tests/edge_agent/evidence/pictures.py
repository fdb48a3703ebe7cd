"""Drawn streets, for tests of evidence."""

from functools import lru_cache

import cv2
import numpy as np

from edge_agent.vision.patches import Frame

ROAD = ((80.0, 120.0), (240.0, 120.0), (300.0, 230.0), (20.0, 230.0))
WIDTH, HEIGHT = 320, 240
PERSON = (200, 150, 215, 190)  # box of a walker


@lru_cache(maxsize=300)
def street(*, seed: int = 0, hole: bool = False, person: tuple[int, int, int, int] | None = None) -> Frame:
    """Return a picture of a road with grain, perhaps with a hole in it, and somebody in a bright coat."""
    grain = np.random.default_rng(7).integers(70, 110, (HEIGHT, WIDTH, 1))
    noise = np.random.default_rng(seed + 100).normal(0, 2, (HEIGHT, WIDTH, 3))
    image = np.clip(grain + noise, 0, 255).astype(np.uint8)
    if hole:
        cv2.ellipse(image, (120, 180), (25, 15), 0, 0, 360, (15, 15, 15), -1)
    if person is not None:
        x0, y0, x1, y1 = person
        image[y0:y1, x0:x1] = (40, 40, 230)
    image.setflags(write=False)
    return image
