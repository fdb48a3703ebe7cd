"""A looker says of each zone how likely a vehicle is, or that nobody can tell."""

from collections.abc import Sequence

import numpy as np

from edge_agent.vision.looker import Looker, polygons_of
from edge_agent.vision.patches import Frame
from edge_agent.vision.zones import Zone, Zones

BERTH = Zone("7", "berth", ((0, 0), (30, 0), (30, 30), (0, 30)))
LANE = Zone("kerb", "lane", ((0, 40), (120, 40), (120, 60), (0, 60)), cells=3)
ZONES = Zones(160, 90, (BERTH, LANE))
FRAME = np.zeros((90, 160, 3), np.uint8)


class Seen:
    """Scores zones by their number and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def prepare(self, frame: Frame, which: Sequence[int]) -> list[int]:
        """Keep the numbers."""
        assert frame.shape == FRAME.shape
        return list(which)

    def score(self, which: list[int]) -> list[float | None]:
        """Return a tenth of each number, None for the last cell."""
        self.asked.append(list(which))
        return [None if zone == 3 else zone / 10 for zone in which]


def test_a_lane_is_scored_cell_by_cell() -> None:
    """Ids are the zone's and ``<zone>/<n>``; what the model cannot tell stays None."""
    assert len(polygons_of(ZONES)) == 4
    assert Looker(ZONES, Seen()).look(FRAME) == {"7": 0.0, "kerb/0": 0.1, "kerb/1": 0.2, "kerb/2": None}


def test_a_frame_of_another_size_is_unknown_everywhere() -> None:
    """Zones mean nothing in it, and the last answers are no answers."""
    seen = Seen()
    looker = Looker(ZONES, seen)
    looker.look(FRAME)
    assert set(looker.look(FRAME[:80]).values()) == {None}
    assert set(looker.look(FRAME.astype(np.float32)).values()) == {None}
    assert len(seen.asked) == 1


def test_with_a_time_what_stands_still_keeps_its_score() -> None:
    """Nothing moved: the model is not asked again until the re-check."""
    seen = Seen()
    looker = Looker(ZONES, seen, recheck_s=2.0)
    first = looker.look(FRAME, t_us=1_000_000)
    assert looker.look(FRAME, t_us=1_200_000) == first
    assert len(seen.asked) == 1
    looker.look(FRAME, t_us=3_100_000)
    assert len(seen.asked) == 2


def test_after_a_wrong_frame_everything_is_looked_at_again() -> None:
    """A picture that came back says nothing of what happened meanwhile."""
    looker = Looker(ZONES, Seen())
    first = looker.look(FRAME, t_us=1_000_000)
    looker.look(FRAME[:80], t_us=1_200_000)
    assert looker.look(FRAME, t_us=1_400_000) == first
