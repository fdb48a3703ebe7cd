"""Thinned readings keep the least, the greatest and the last of each value and minute, and make nothing up."""

from hypothesis import given
from hypothesis import strategies as st

from device_profiles.thinning import MINUTE_US, may_thin, thin
from device_profiles.wire import ClockStep, Heartbeat, Reading
from tests.device_profiles.minutes import minutes

VALUES = st.none() | st.booleans() | st.integers(-50, 50) | st.floats(-50, 50) | st.text(max_size=3)
READINGS = st.lists(
    st.builds(
        Reading,
        device=st.sampled_from(["lift-01", "lift-02"]),
        t_us=st.integers(0, 4 * MINUTE_US),
        values=st.dictionaries(st.sampled_from(["load", "level"]), VALUES, min_size=1),
    ),
    max_size=40,
)


@given(READINGS)
def test_extremes_and_last_of_each_minute_stay_and_at_most_three(readings: list[Reading]) -> None:
    """Nothing that stays was made up."""
    before, after = minutes(readings), minutes(thin(readings))
    assert before.keys() == after.keys()
    for key, said in before.items():
        left = after[key]
        assert len(left) <= 3
        assert all(one in said for one in left)
        last_us = max(t_us for t_us, _ in said)
        assert [value for t_us, value in said if t_us == last_us][-1] in [value for _, value in left]
        numbers, kept = ([value for _, value in some if isinstance(value, int | float)] for some in (said, left))
        assert (min(numbers, default=0), max(numbers, default=0)) == (min(kept, default=0), max(kept, default=0))


@given(READINGS)
def test_thinning_twice_is_thinning_once(readings: list[Reading]) -> None:
    """And the order stays."""
    once = thin(readings)
    assert thin(once) == once
    assert [one.t_us for one in once] == [one.t_us for one in readings if any(one.t_us == o.t_us for o in once)] or (
        len({one.t_us for one in readings}) < len(readings)
    )


def test_heartbeats_go_and_a_clock_step_is_no_readings() -> None:
    """What a heartbeat calls unchanged has gaps; without the step the times after it make no sense."""
    assert thin([Heartbeat(1, {"lift-01": 1}), Reading("lift-01", 1, {"load": 1})]) == [
        Reading("lift-01", 1, {"load": 1})
    ]
    assert not may_thin([Reading("lift-01", 1, {"load": 1}), ClockStep(1, 5)])
