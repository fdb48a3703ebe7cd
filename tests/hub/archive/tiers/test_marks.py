"""Marks: what must be computed is never forgotten and never taken before its points are there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.archive import Point
from hub.archive.tiers import HOUR_US, MINUTE_US, Tier
from hub.archive.tiers.marks import HOUR_BIT, Marks, over
from hub.errors import StoreDown
from tests.hub.made import AREA, T0_US

HOUR_0 = T0_US - T0_US % HOUR_US
SUBJECT = f"{AREA}/lift-07"
KEY = (SUBJECT, HOUR_0)
ALL = HOUR_0 + HOUR_US


@pytest.fixture
def marks(tmp_path: Path) -> Iterator[Marks]:
    """Return marks of which there are none."""
    made = Marks(tmp_path / "tiers.db")
    yield made
    made.close()


def point(minute: int = 0, field: str = "speed", device: str = "lift-07") -> Point:
    """Return a point in a minute of the hour."""
    return Point(AREA, "a-1", device, field, HOUR_0 + minute * MINUTE_US, 1, 7, "reading", 1)


def again(marks: Marks) -> Marks:
    """Return the marks as they are after a crash."""
    marks.close()
    return Marks(marks.path)


def test_what_is_over_is_taken(marks: Marks) -> None:
    """A minute after its end, its hour after that."""
    with marks.writing([point(0), point(2)], offset=1):
        pass
    assert marks.take(KEY, upto_us=HOUR_0 + MINUTE_US) == 1
    assert marks.take(KEY, upto_us=HOUR_0 + MINUTE_US) == 0
    assert marks.take(KEY, upto_us=ALL) == 0b100 | HOUR_BIT
    assert marks.ready() == []


def test_over_counts_whole_minutes() -> None:
    """The hour's own bit comes with its last minute."""
    assert [over(at) for at in (-1, 0, MINUTE_US - 1, MINUTE_US)] == [0, 0, 0, 1]
    assert over(HOUR_US - 1) == (1 << 59) - 1
    assert over(HOUR_US) == over(2**62) == (1 << 60) - 1 | HOUR_BIT


def test_what_is_being_written_cannot_be_taken(marks: Marks) -> None:
    """Its points may not be there yet."""
    with marks.writing([point()], offset=1):
        assert marks.take(KEY, upto_us=ALL) == 0
    assert marks.take(KEY, upto_us=ALL) == 1 | HOUR_BIT


def test_what_is_marked_while_it_is_computed_stays(marks: Marks) -> None:
    """The computing may have missed the new points, written or not."""
    with marks.writing([point()], offset=1):
        pass
    taken = {KEY: marks.take(KEY, upto_us=ALL)}
    with marks.writing([point()], offset=2):
        marks.done(taken)
    marks = again(marks)
    taken = {KEY: marks.take(KEY, upto_us=ALL)}
    assert taken[KEY] == 1 | HOUR_BIT
    with marks.writing([point()], offset=3):
        pass
    marks.done(taken)
    assert again(marks).take(KEY, upto_us=ALL) == 1 | HOUR_BIT


def test_a_crash_forgets_no_mark(marks: Marks) -> None:
    """Neither one whose points are written, nor one that was taken and is not done; what is done is."""
    marks.whole = True
    with marks.writing([point(), point(5)], offset=7):
        marks = again(marks)
    assert marks.place == 7
    assert marks.take(KEY, upto_us=HOUR_0 + MINUTE_US) == 1
    marks = again(marks)
    taken = {KEY: marks.take(KEY, upto_us=ALL)}
    assert taken == {KEY: 0b100001 | HOUR_BIT}
    marks.done(taken)
    marks = again(marks)
    assert (len(marks), marks.subjects()) == (0, [SUBJECT])


def test_a_write_that_fails_leaves_its_marks(marks: Marks) -> None:
    """Some of its points may be there."""
    with pytest.raises(StoreDown), marks.writing([point()], offset=1):
        raise StoreDown("archive", "gone")
    assert marks.take(KEY, upto_us=ALL) == 1 | HOUR_BIT


def test_an_event_marks_nothing_but_its_device_is_known(marks: Marks) -> None:
    """Its device has something to be deleted one day."""
    with marks.writing([point(field="event/lift.stuck")], offset=1):
        pass
    assert (len(marks), marks.ready(), marks.subjects()) == (0, [], [SUBJECT])


def test_there_are_never_more_than_the_bound(tmp_path: Path) -> None:
    """The archive waits; what is marked already is marked again without waiting, and half full hurries the worker."""
    marks = Marks(tmp_path / "few.db", most=3)
    for device in ("a", "b", "c"):
        assert marks.full is (device == "c")
        with marks.writing([point(device=device)], offset=1):
            pass
    with pytest.raises(StoreDown, match="3 hours of devices wait"), marks.writing([point(device="d")], offset=2):
        raise AssertionError("nothing may be written without a mark")
    with marks.writing([point(1, device="a")], offset=2):
        pass
    marks.done({(f"{AREA}/a", HOUR_0): marks.take((f"{AREA}/a", HOUR_0), upto_us=ALL)})
    with marks.writing([point(device="d")], offset=3):
        pass
    marks.close()


def test_points_stay_while_their_hour_waits(marks: Marks) -> None:
    """Neither points nor minutes are deleted before the coarser tier is made; hours and events wait for nothing."""
    with marks.writing([point()], offset=1):
        pass
    assert marks.advance(SUBJECT, Tier.RAW, ALL) == (0, HOUR_0)
    assert marks.advance(SUBJECT, Tier.MINUTE, ALL) == (0, HOUR_0)
    assert marks.advance(SUBJECT, Tier.HOUR, ALL) == (0, ALL)
    taken = {KEY: marks.take(KEY, upto_us=ALL)}
    assert marks.advance(SUBJECT, Tier.RAW, ALL) == (0, HOUR_0)
    marks.done(taken)
    assert marks.advance(SUBJECT, Tier.MINUTE, ALL) == (0, HOUR_0)
    assert marks.advance(SUBJECT, Tier.RAW, ALL) == (0, ALL)
    assert marks.advance(SUBJECT, Tier.MINUTE, ALL) == (0, ALL)


def test_a_deletion_is_said_before_and_finished_after_a_crash(marks: Marks) -> None:
    """Who looks in between knows that something may be missing."""
    assert marks.advance(SUBJECT, Tier.RAW, 100) == (0, 100)
    marks = again(marks)
    assert marks.horizon(SUBJECT) == 100
    assert marks.advance(SUBJECT, Tier.RAW, 100) == (0, 100)
    marks.deleted(SUBJECT, Tier.RAW, 100)
    marks = again(marks)
    assert marks.advance(SUBJECT, Tier.RAW, 100) is None
    assert marks.advance(SUBJECT, Tier.RAW, 90) is None
    assert marks.advance(SUBJECT, Tier.RAW, 130) == (100, 130)
    marks.close()
