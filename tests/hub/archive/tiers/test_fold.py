"""Minutes and hours are what their points say, whatever the points are."""

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from device_profiles.wire import Value
from hub.archive import Point
from hub.archive.tiers import Bucket
from hub.archive.tiers.fold import Minutes, hours
from tests.device_profiles.strategies import values
from tests.hub.made import AREA, T0_US

MINUTE_US = 60_000_000
HOUR_0 = T0_US - T0_US % 3_600_000_000
SUBJECT = f"{AREA}/lift-07"


def point(at_us: int, value: Value, field: str = "speed") -> Point:
    """Return a point of lift-07, so long after the hour began."""
    return Point(AREA, "a-1", "lift-07", field, HOUR_0 + at_us, value, 7, "reading", 1)


def minutes_of(*points: Point) -> list[Bucket]:
    """Return the minutes of ``points``."""
    minutes = Minutes()
    minutes.add(points)
    return minutes.buckets()


def test_a_minute_says_min_max_mean_last_and_count() -> None:
    """Of numbers; the next minute is another bucket."""
    made = minutes_of(point(0, 1), point(59_999_999, 2.5), point(MINUTE_US, 7))
    assert made == [
        Bucket(SUBJECT, "speed", HOUR_0, 2, 2, 1.0, 2.5, 1.75, 2.5, HOUR_0 + 59_999_999),
        Bucket(SUBJECT, "speed", HOUR_0 + MINUTE_US, 1, 1, 7.0, 7.0, 7.0, 7.0, HOUR_0 + MINUTE_US),
    ]


def test_a_bool_is_0_or_1_and_a_text_has_no_mean() -> None:
    """Of a text the last one counts and how many there were."""
    door, mode = minutes_of(
        point(0, True, "door"), point(1, False, "door"), point(2, "up", "mode"), point(3, "down", "mode")
    )
    assert (door.low, door.high, door.mean, door.last, door.numbers) == (0.0, 1.0, 0.5, 0.0, 2)
    assert (mode.low, mode.high, mode.mean, mode.last, mode.count, mode.numbers) == (None, None, None, "down", 2, 0)


def test_unknown_is_counted_and_may_be_the_last_word() -> None:
    """It is no number: the mean is of what is known."""
    (made,) = minutes_of(point(0, 4), point(1, None))
    assert (made.count, made.numbers, made.mean, made.last) == (2, 1, 4.0, None)


def test_events_are_in_no_tier() -> None:
    """They are kept whole instead."""
    assert minutes_of(point(0, "{}", "event/lift.stuck")) == []


def test_an_hour_weighs_its_minutes_by_their_numbers() -> None:
    """Its mean is that of the points, not of the minutes."""
    made = hours(minutes_of(point(0, 1), point(1, 1), point(2, 1), point(MINUTE_US, 5), point(MINUTE_US + 1, None)))
    assert made == [Bucket(SUBJECT, "speed", HOUR_0, 5, 4, 1.0, 5.0, 2.0, None, HOUR_0 + MINUTE_US + 1)]


@given(st.lists(st.tuples(st.integers(0, 3 * MINUTE_US), values), max_size=30, unique_by=lambda made: made[0]))
def test_hours_are_what_the_points_say(said: list[tuple[int, Value]]) -> None:
    """Count, extremes and last word exactly, the mean within what floats can say and never beyond the extremes."""
    points = [point(at_us, value) for at_us, value in sorted(said, key=lambda made: made[0])]
    made = hours(minutes_of(*points))
    assert len(made) == min(1, len(points))
    for hour in made:
        numbers = [float(p.value) for p in points if isinstance(p.value, int | float)]
        assert (hour.count, hour.numbers, hour.last_us) == (len(points), len(numbers), points[-1].t_us)
        last = points[-1].value
        assert hour.last == (float(last) if isinstance(last, int | float) else last)
        if numbers:
            assert hour.mean is not None
            assert (hour.low, hour.high) == (min(numbers), max(numbers))
            assert min(numbers) <= hour.mean <= max(numbers)
            exact = sum(map(Fraction, numbers)) / len(numbers)
            span = max(map(abs, numbers))
            if span < 1e300:
                assert math.isclose(hour.mean, float(exact), rel_tol=1e-9, abs_tol=span * 1e-9)
