"""Motion stays inside its limits, and position, speed and acceleration are one story."""

from hypothesis import given
from hypothesis import strategies as st

from simulators.lifts.motion import Kinematics, Motion, brake, trip
from simulators.lifts.spec import BRAKE, Limits

LIMITS = st.builds(
    Limits,
    speed_mps=st.floats(0.3, 10),
    acceleration=st.floats(0.3, 1.5),
    jerk=st.floats(0.3, 3),
)
HEIGHT = st.floats(0, 300)


def _samples(motion: Motion, count: int = 60) -> list[tuple[float, Kinematics]]:
    return [(t, motion.at(t)) for t in (motion.duration_s * n / count for n in range(count + 1))]


@given(start=HEIGHT, end=HEIGHT, limits=LIMITS)
def test_a_trip_stays_in_its_limits_and_ends_at_rest(start: float, end: float, limits: Limits) -> None:
    """Speed, acceleration and jerk never pass their bounds; the car comes to rest where it was sent."""
    motion = trip(start, end, limits)
    for _, now in _samples(motion):
        assert abs(now.v) <= limits.speed_mps + 1e-6
        assert abs(now.a) <= limits.acceleration + 1e-6
        assert min(start, end) - 1e-6 <= now.x <= max(start, end) + 1e-6
    assert all(abs(segment.jerk) <= limits.jerk for segment in motion.segments)
    almost = motion.at(motion.duration_s - 1e-9)
    assert abs(almost.x - end) < 1e-5
    assert abs(almost.v) < 1e-5
    assert motion.at(motion.duration_s + 1) == Kinematics(end)


@given(start=HEIGHT, end=HEIGHT, limits=LIMITS)
def test_position_is_the_integral_of_speed(start: float, end: float, limits: Limits) -> None:
    """The midpoint rule over the speed gives the position, so the two never contradict each other."""
    motion = trip(start, end, limits)
    step = motion.duration_s / 2000
    travelled = sum(motion.at((n + 0.5) * step).v * step for n in range(2000))
    assert abs(travelled - (end - start)) < 1e-3 + 1e-4 * abs(end - start)


@given(start=HEIGHT, end=HEIGHT, limits=LIMITS, share=st.floats(0, 1))
def test_the_brake_stops_the_car_from_any_instant_of_a_trip(
    start: float, end: float, limits: Limits, share: float
) -> None:
    """Braking keeps its own limits, never turns round, and ends at rest without a jump."""
    motion = trip(start, end, limits)
    now = motion.at(motion.duration_s * share)
    stop = brake(now, BRAKE)
    sign = 1 if end >= start else -1
    for _, then in _samples(stop):
        assert then.v * sign >= -1e-5
        assert abs(then.a) <= max(BRAKE.acceleration, abs(now.a)) + 1e-6
    assert abs(stop.at(stop.duration_s - 1e-9).v) < 1e-4
    assert (stop.end_m - now.x) * sign >= -1e-5
