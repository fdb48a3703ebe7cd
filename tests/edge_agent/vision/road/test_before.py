"""The picture of a road as it was shows nothing of a change, though a change is only seen when it has come."""

import numpy as np

from edge_agent.vision.patches import Frame
from edge_agent.vision.road.before import Before
from edge_agent.vision.road.surface import Surface
from tests.edge_agent.vision.asphalt import HOLE_AT, ROAD, Brightness, asphalt

S = 1_000_000
BOX = (0, 0, 4, 4)
NOTHING = [(BOX, np.zeros((4, 4), np.uint8))]
ALL = [(BOX, np.ones((4, 4), np.uint8))]


def _flat(grey: int) -> Frame:
    return np.full((4, 4, 3), grey, np.uint8)


def _seen(before: Before, grey: int, t_us: int, *, changed: bool) -> int:
    """Return how bright the road was, after one more look."""
    before.look(_flat(grey), t_us)
    if before.due(t_us):
        before.renew(_flat(grey), ALL if changed else NOTHING, t_us)
    return int(before.picture[0, 0, 0])


def test_a_change_that_is_seen_a_look_late_is_not_how_the_road_was() -> None:
    """The look that showed it first said that nothing had changed."""
    before = Before()
    for t_s, grey, changed in ((0, 90, False), (1, 90, False), (2, 20, False), (3, 20, True), (4, 20, True)):
        assert _seen(before, grey, t_s * S, changed=changed) == 90
    assert [_seen(before, 20, t_s * S, changed=True) for t_s in range(5, 20)] == [90] * 15


def test_the_road_is_followed_where_nothing_changes() -> None:
    """Dusk, five looks a second: at most two seconds and a half behind."""
    before = Before()
    for number in range(100):
        grey = 200 - number
        assert _seen(before, grey, number * S // 5, changed=False) <= grey + 12


def test_what_was_changed_while_it_waited_is_not_taken() -> None:
    """A vehicle that passed in just the picture that waits, and had gone by the time it was taken."""
    for at in range(1, 11):
        before = Before()
        shown = [_seen(before, 220 if look == at else 90, look * S // 5, changed=look == at) for look in range(30)]
        assert set(shown) == {90}


def test_looks_that_are_far_apart_are_taken_at_once() -> None:
    """Then the light is another at each, and what is new is known at once."""
    before = Before()
    greys = (90, 120, 150, 180)
    assert [_seen(before, grey, at * 300 * S, changed=False) for at, grey in enumerate(greys)][1:] == [120, 150, 180]


def test_a_faint_hole_is_compared_with_the_road_without_it() -> None:
    """A second apart: less than what passes differs by, so the first look that shows it says nothing of it."""
    surface = Surface(ROAD, Brightness())
    x0, y0, x1, y1 = HOLE_AT
    grain = np.random.default_rng(3).normal(0, 5, (y1 - y0, x1 - x0, 1))
    for number in range(11):
        picture = asphalt(number).astype(np.float32)
        if number >= 8:
            picture[y0:y1, x0:x1] = 104 + grain
        seen = surface.look(picture.clip(0, 255).astype(np.uint8), number * S)
    was = asphalt(0)[y0:y1, x0:x1].astype(np.float32).mean(axis=2)
    shown = seen.before[y0:y1, x0:x1].astype(np.float32).mean(axis=2)
    assert len(seen.blobs["r"]) == 1
    assert np.corrcoef(was.ravel(), shown.ravel())[0, 1] > 0.8
