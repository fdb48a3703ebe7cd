"""What another process sees of tiers and refusals."""

from pathlib import Path

from hub.archive import Point
from hub.archive.expected import identity_of
from hub.archive.glance import Glance
from hub.archive.tiers import Tier
from hub.archive.tiers.marks import Marks
from tests.hub.made import AREA, T0_US

HOUR_US = 3_600_000_000
HOUR_0 = T0_US - T0_US % HOUR_US
SUBJECT = f"{AREA}/lift-07"


def test_a_glance_tells_horizons_and_refusals_of_another_process(tmp_path: Path) -> None:
    """While it holds the files open; files that are not there say nothing."""
    glance = Glance(tiers=tmp_path / "tiers.db", refusals=tmp_path / "refused.db")
    assert (glance.horizon(SUBJECT), glance.dirty(), glance.refused(), glance.refused_counts()) == (
        0,
        (0, 0),
        set(),
        (0, 0),
    )
    marks = Marks(tmp_path / "tiers.db")
    point = Point(AREA, "a-1", "lift-07", "speed", T0_US, 1, 7, "reading", 1)
    with marks.writing([point], offset=1):
        assert glance.dirty() == (1, 0)
    marks.advance(SUBJECT, Tier.RAW, HOUR_0 - HOUR_US)
    assert (glance.horizon(SUBJECT), glance.horizon("another")) == (HOUR_0 - HOUR_US, 0)
    assert identity_of(point) == (SUBJECT, "speed", T0_US, 7, 1, "reading", "a-1")
    marks.close()
