"""A doubt becomes a state only after a while."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.camera.integrity.holding import Hold, Holding


def test_it_begins_and_ends_late() -> None:
    """And unknown looks start both times anew."""
    holding = Holding(Hold(1.0, 0.5))
    seen = [(0.0, True), (0.9, True), (0.95, None), (1.0, True), (1.9, True), (2.0, True), (2.1, False), (2.6, False)]
    states = [holding.take(look, t_s) for t_s, look in seen]
    assert states == [None, None, None, None, None, True, True, False]


@given(st.lists(st.sampled_from([True, False, None]), max_size=60))
def test_a_state_follows_only_from_looks_that_agree(looks: list[bool | None]) -> None:
    """A state never changes at a look that says something else."""
    holding, before = Holding(Hold(0.5, 0.5)), None
    for at, look in enumerate(looks):
        state = holding.take(look, at * 0.2)
        assert state is before or state is look
        before = state
