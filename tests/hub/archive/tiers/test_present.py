"""Minutes that are summed on the way are those that a read would give, or are not given at all."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.wire import Value
from hub.archive import Point
from hub.archive.blocks import Block, Blocks
from hub.archive.tiers import HOUR_US, MINUTE_US, Bucket
from hub.archive.tiers.fold import Minutes
from hub.archive.tiers.present import Present
from tests.hub.made import AREA, T0_US

HOUR_0 = T0_US - T0_US % HOUR_US
SUBJECT = f"{AREA}/lift-07"


def point(at_us: int, value: Value = 1, *, field: str = "speed", device: str = "lift-07") -> Point:
    """Return a point, so long after the hour began."""
    return Point(AREA, "a-1", device, field, HOUR_0 + at_us, value, 7, "reading", 1)


@pytest.fixture
def present() -> Present:
    """Return one that has begun in a city where nothing was archived yet."""
    made = Present()
    made.begin(list, now_us=HOUR_0)
    return made


def test_a_minute_that_came_whole_and_in_order_is_there_once(present: Present) -> None:
    """With all its fields, as read; events are in no tier."""
    said = [point(0, 1), point(0, "up", field="mode"), point(5, True), point(7, None, field="mode")]
    present.add([*said, point(7, "{}", field="event/x"), point(MINUTE_US)])
    minutes = Minutes()
    minutes.add(sorted(said, key=lambda one: (one.field, one.t_us)))
    assert present.take(SUBJECT, HOUR_0) == minutes.buckets()
    assert present.take(SUBJECT, HOUR_0) is None


@pytest.mark.parametrize("at_us", [0, 4, 5])
def test_a_late_point_or_a_double_spoils_its_minute(present: Present, at_us: int) -> None:
    """That minute is read; the next one is whole again."""
    present.add([point(0), point(5), point(at_us), point(9), point(MINUTE_US)])
    assert present.take(SUBJECT, HOUR_0) is None
    assert present.take(SUBJECT, HOUR_0 + MINUTE_US) is not None


def test_what_comes_after_a_minute_was_taken_makes_no_new_one(present: Present) -> None:
    """It would be only a part."""
    present.add([point(0)])
    assert present.take(SUBJECT, HOUR_0) is not None
    present.add([point(5)])
    assert present.take(SUBJECT, HOUR_0) is None


def test_what_may_not_be_in_the_archive_spoils_its_minute(present: Present) -> None:
    """The database refused something of the batch."""
    present.add([point(0)])
    present.spoil([point(5)])
    present.add([point(9)])
    assert present.take(SUBJECT, HOUR_0) is None


def test_a_device_of_an_earlier_process_is_whole_later(present: Present) -> None:
    """Until what that process believed is past; nothing is before it has begun."""
    fresh = Present()
    fresh.add([point(0)])
    assert fresh.take(SUBJECT, HOUR_0) is None
    fresh.begin(lambda: [SUBJECT], now_us=HOUR_0 - HOUR_US)
    fresh.add([point(5), point(5, device="lift-08"), point(MINUTE_US), point(2 * MINUTE_US)])
    assert fresh.take(SUBJECT, HOUR_0) is None
    assert fresh.take(f"{AREA}/lift-08", HOUR_0) is not None
    assert fresh.take(SUBJECT, HOUR_0 + MINUTE_US) is not None


def test_what_is_written_while_it_begins_is_in_its_minute() -> None:
    """A new device: a start between its first points would pass the rest for all of its minute."""
    present = Present()
    first = threading.Thread(target=present.add, args=([point(0)],))

    def subjects() -> list[str]:
        first.start()
        first.join(0.05)
        return []

    present.begin(subjects, now_us=HOUR_0)
    first.join()
    present.add([point(5)])
    made = present.take(SUBJECT, HOUR_0)
    assert made is not None
    assert made[0].count == 2


def test_there_are_never_more_than_the_bound() -> None:
    """All are let go, and whole minutes are summed again."""
    present = Present(most=3)
    present.begin(list, now_us=HOUR_0)
    present.add([point(0, field=f"v{n}") for n in range(4)])
    assert present.take(SUBJECT, HOUR_0) is None
    present.add([point(5), point(MINUTE_US)])
    assert present.take(SUBJECT, HOUR_0) is None
    assert present.take(SUBJECT, HOUR_0 + MINUTE_US) is not None


VALUES = st.floats(allow_nan=False, width=32) | st.integers(-9, 9) | st.booleans() | st.none() | st.sampled_from("ab")
SAID = st.lists(st.tuples(st.sampled_from(["lift-07", "lift-08"]), st.dictionaries(st.sampled_from("uvw"), VALUES)))


@given(st.lists(SAID, max_size=4))
def test_sums_of_a_batch_are_those_of_its_points_one_by_one(batches: list[list[tuple[str, dict[str, Value]]]]) -> None:
    """To the last bit, whatever is said in which order: two archives would differ by it."""
    present, minutes = Present(), Minutes()
    present.begin(list, now_us=HOUR_0)
    at_us = 0
    for batch in batches:
        points = []
        for device, values in batch:
            at_us += MINUTE_US // 7
            points.append(Block(AREA, "a-1", device, HOUR_0 + at_us, values, 7, "reading", 1))
        present.add(Blocks([block for block in points if block.values]))
        minutes.add(Blocks(points))
    taken = [
        bucket
        for device in ("lift-07", "lift-08")
        for minute in range(at_us // MINUTE_US + 1)
        for bucket in present.take(f"{AREA}/{device}", HOUR_0 + minute * MINUTE_US) or ()
    ]
    assert sorted(taken, key=_place) == sorted(minutes.buckets(), key=_place)


def _place(bucket: Bucket) -> tuple[str, str, int]:
    return bucket.subject, bucket.field, bucket.t_us
