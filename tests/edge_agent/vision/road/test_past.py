"""A hole that opens slowly is seen against the road of minutes ago, and what is sound road is left alone."""

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from edge_agent.vision.patches import Frame
from edge_agent.vision.road.watch import RoadWatch
from tests.edge_agent.vision.asphalt import HOLE_AT, ROAD, Brightness, asphalt

STEP_S = 2
LEAD_S = 40


def _mixed(t_s: int, *, share: float) -> Frame:
    """Return the road on which a hole is seen by so much."""
    whole, holed = (asphalt(t_s, hole=hole) for hole in (False, True))
    return cv2.addWeighted(whole, 1 - share, holed, share, 0).astype(np.uint8)


def _told(pictures: Iterable[Frame], model: Brightness) -> list[tuple[str, int]]:
    """Return what is told, with the second, of pictures that come ``STEP_S`` apart."""
    watch = RoadWatch(ROAD, model)
    times = ((at * STEP_S, picture) for at, picture in enumerate(pictures))
    return [(one.kind, t_s) for t_s, picture in times for one in watch.take(picture, t_s * 1_000_000).findings]


@pytest.mark.parametrize("opens_s", [60, pytest.param(120, marks=pytest.mark.long)])
def test_a_hole_that_opens_slowly_is_told(opens_s: int) -> None:
    """Once, and within a minute of its end; the slow background had learned each part of it as it came."""
    shares = {t_s: float(np.clip((t_s - LEAD_S) / opens_s, 0, 1)) for t_s in range(0, LEAD_S + opens_s + 60, STEP_S)}
    ((kind, t_s),) = _told((_mixed(t_s, share=share) for t_s, share in shares.items()), Brightness())
    assert kind == "road.hole"
    assert t_s > LEAD_S


@pytest.mark.long
def test_what_slowly_became_sound_road_is_asked_about_a_few_times_and_left_alone() -> None:
    """A place that is worn down within a minute: four times three runs of the model, however long it stays."""
    model = Brightness()
    (x0, y0, x1, y1), pictures = HOLE_AT, []
    for t_s in range(0, 400, STEP_S):
        picture, worn = asphalt(t_s), asphalt(t_s)[::-1, ::-1]
        share = min(1.0, max(0.0, (t_s - LEAD_S) / 60))
        picture[y0:y1, x0:x1] = (1 - share) * picture[y0:y1, x0:x1] + share * 0.8 * worn[y0:y1, x0:x1]
        pictures.append(picture)
    assert _told(pictures, model) == []
    assert 3 <= model.asked <= 24
