"""Tests of the breaker that keeps a dead slave from costing the others their time."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.breaker import Breaker, Standing


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 5))
def test_opens_after_failures_in_a_row_and_closes_at_the_first_answer(answers: list[bool], after: int) -> None:
    """Its standing depends on the failures since the last answer alone."""
    breaker = Breaker(after=after, probe_s=2.0)
    failures = 0
    for answered in answers:
        failures = 0 if answered else failures + 1
        if answered:
            breaker.good()
        else:
            breaker.bad(0.0, heard=False)
        assert (breaker.standing is Standing.OPEN) is (failures >= after)
        assert (breaker.standing is Standing.GOOD) is (failures == 0)


def test_probes_are_spaced() -> None:
    """An open breaker lets one question through each probe time, counted from the last failure."""
    breaker = Breaker(after=1, probe_s=2.0)
    assert not breaker.due(99.0)
    breaker.bad(100.0, heard=False)
    assert not breaker.due(101.9)
    assert breaker.due(102.0)
    breaker.bad(102.0, heard=True)
    assert breaker.heard
    assert not breaker.due(103.0)
    breaker.good()
    assert not breaker.heard
    assert not breaker.due(200.0)
