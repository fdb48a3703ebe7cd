"""A receiver's place moves behind what it has taken, in order, and never before."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hub.channels.deliveries import BEGINNING, Window, move_delivered, read_delivered
from hub.database import open_database


def test_the_place_is_kept_for_each_receiver(tmp_path: Path) -> None:
    """A restart reads what was noted last."""
    engine = open_database(tmp_path / "hub.db")
    assert read_delivered(engine, "mqtt") == BEGINNING
    move_delivered(engine, "mqtt", (5, 0))
    move_delivered(engine, "mqtt", (5, 1))
    move_delivered(engine, "cap", (2, 0))
    engine.dispose()
    again = open_database(tmp_path / "hub.db")
    assert (read_delivered(again, "mqtt"), read_delivered(again, "cap")) == ((5, 1), (2, 0))
    again.dispose()


def test_a_transition_of_two_messages_is_done_when_both_are_acked() -> None:
    """The end of an alarm is told and its retained message cleared: only then is it delivered."""
    window = Window(10)
    window.send((1, 0), [7, 8])
    window.ack(8)
    assert window.take_done() is None
    window.ack(7)
    assert window.take_done() == (1, 0)
    assert window.take_done() is None


def test_what_needs_no_message_is_done_with_what_was_before() -> None:
    """A transition that nobody is told moves the place without an ack, but not past another."""
    window = Window(10)
    window.send((1, 0), [7])
    window.send((2, 0), [])
    assert window.take_done() is None
    window.ack(7)
    assert window.take_done() == (2, 0)


def test_the_window_is_bounded() -> None:
    """It is full at its bound, and has room again after an ack; an unknown ack changes nothing."""
    window = Window(2)
    window.send((1, 0), [1])
    assert not window.full
    window.send((2, 0), [2])
    window.ack(99)
    assert window.full
    window.ack(1)
    window.take_done()
    assert not window.full


@given(acks=st.permutations(range(10)))
def test_acks_in_any_order_move_the_place_in_order(acks: list[int]) -> None:
    """The place is always the last one before which everything was acked."""
    window = Window(100)
    for mid in range(10):
        window.send((mid, 0), [mid])
    acked: set[int] = set()
    place = -1
    for mid in acks:
        window.ack(mid)
        acked.add(mid)
        done = window.take_done()
        place = done[0] if done else place
        assert place == next((n for n in range(10) if n not in acked), 10) - 1
    assert len(window) == 0
