"""The ring: bounded by bytes and by age, whatever comes, and it knows why it is short."""

from hypothesis import given
from hypothesis import strategies as st

from device_profiles.evidence import EvidenceReason
from edge_agent.evidence.ring import Ring, Still

SECOND_US = 1_000_000


@given(st.lists(st.tuples(st.integers(-3 * SECOND_US, 3 * SECOND_US), st.integers(0, 400)), max_size=60))
def test_neither_bound_is_ever_passed(steps: list[tuple[int, int]]) -> None:
    """Also when the clock jumps: no more bytes and no older pictures than agreed, in order, the newest among them."""
    ring, t_us = Ring(max_bytes=1_000, max_age_us=10 * SECOND_US), 1_000 * SECOND_US
    for step_us, size in steps:
        t_us += step_us
        ring.put(Still(t_us, bytes(size)))
        stills = ring.stills()
        assert ring.held_bytes == sum(len(still.jpeg) for still in stills) <= 1_000
        times = [still.t_us for still in stills]
        assert times == sorted(set(times))
        assert times[-1] == t_us
        assert times[0] >= t_us - 10 * SECOND_US


def test_it_says_why_it_is_short() -> None:
    """Nothing seen, not seen for so long, or pictures too large for its bytes."""
    ring = Ring(max_bytes=1_000, max_age_us=10 * SECOND_US)
    assert ring.shorter(0, slack_us=0) is EvidenceReason.RING_EMPTY
    ring.put(Still(60 * SECOND_US, bytes(10)))
    assert ring.shorter(50 * SECOND_US, slack_us=SECOND_US) is EvidenceReason.RING_YOUNG
    for at in range(61, 71):
        ring.put(Still(at * SECOND_US, bytes(10)))
    assert ring.shorter(60 * SECOND_US, slack_us=SECOND_US) is None
    ring.put(Still(71 * SECOND_US, bytes(950)))
    assert ring.shorter(61 * SECOND_US, slack_us=SECOND_US) is EvidenceReason.RING_FULL
    ring.put(Still(72 * SECOND_US, bytes(1_001)))
    assert len(ring) == 0
    assert ring.shorter(62 * SECOND_US, slack_us=SECOND_US) is EvidenceReason.RING_FULL


def test_it_follows_a_clock_that_was_set() -> None:
    """The pictures move with it."""
    ring = Ring(max_bytes=1_000, max_age_us=10 * SECOND_US)
    ring.put(Still(60 * SECOND_US, b"x"))
    ring.shift(-50 * SECOND_US)
    ring.put(Still(11 * SECOND_US, b"y"))
    assert [still.t_us for still in ring.stills()] == [10 * SECOND_US, 11 * SECOND_US]
