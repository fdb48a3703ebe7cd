"""Seconds that were seen in the last minute."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.camera.worker.observed import Observed

S = 1_000_000


def test_only_what_lies_between_two_good_looks_counts() -> None:
    """A gap does not."""
    observed = Observed()
    for t_s in range(0, 11):
        observed.take(t_s * S, seen=True)
    observed.take(11 * S, seen=False)
    observed.take(20 * S, seen=True)
    observed.take(30 * S, seen=True)  # ten seconds without a look: nobody knows
    assert observed.seconds(30 * S) == 10.0
    assert observed.seconds(65 * S) == 5.0
    assert observed.seconds(200 * S) == 0.0


def test_it_follows_a_clock_that_was_set() -> None:
    """What was seen stays seen."""
    observed = Observed()
    for t_s in range(5):
        observed.take(t_s * S, seen=True)
    observed.shift(1000 * S)
    observed.take(1005 * S, seen=True)
    assert observed.seconds(1005 * S) == 5.0


@given(st.lists(st.tuples(st.integers(0, 3 * S), st.booleans()), max_size=80))
def test_it_never_claims_more_than_has_passed(looks: list[tuple[int, bool]]) -> None:
    """Nor more than a minute, nor less than nothing."""
    observed, t_us = Observed(), 0
    for passed_us, seen in looks:
        t_us += passed_us
        observed.take(t_us, seen=seen)
        assert 0.0 <= observed.seconds(t_us) <= min(60.0, t_us / S)
