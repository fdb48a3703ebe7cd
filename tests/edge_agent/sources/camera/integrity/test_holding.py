"""A doubt becomes a state only after a while."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.camera.integrity.holding import Hold, Holding


def test_it_begins_and_ends_late() -> None:
    """Another look starts the time anew."""
    holding = Holding(Hold(1.0, 0.5))
    seen = [(0.0, True), (0.9, True), (1.0, False), (1.1, True), (2.0, True), (2.1, True), (2.2, False), (2.7, False)]
    states = [holding.take(look, t_s) for t_s, look in seen]
    assert states == [None, None, None, None, None, True, True, False]


def test_a_blind_moment_stops_the_time_and_a_longer_one_starts_it_anew() -> None:
    """What nobody sees neither confirms nor clears."""
    holding = Holding(Hold(1.0, 0.5))
    short = [holding.take(look, t_s) for t_s, look in [(0.0, True), (0.6, True), (0.8, None), (1.0, True), (1.2, True)]]
    assert short == [None, None, None, None, True]
    long = Holding(Hold(1.0, 0.5))
    looks = [(0.0, True), (0.9, True), (2.0, None), (4.0, None), (4.2, True), (5.1, True), (5.2, True)]
    assert [long.take(look, t_s) for t_s, look in looks] == [None] * 6 + [True]


@given(st.lists(st.sampled_from([True, False, None]), max_size=60))
def test_a_state_follows_only_from_looks_that_agree(looks: list[bool | None]) -> None:
    """A state never changes at a look that says something else."""
    holding, before = Holding(Hold(0.5, 0.5)), None
    for at, look in enumerate(looks):
        state = holding.take(look, at * 0.2)
        assert state is before or state is look
        before = state
