"""The offset of an agent's clock."""

from device_profiles.wire import ClockState
from hub.alarms.facts.offsets import WINDOW_US, Offset

S = 1_000_000


def test_the_least_delay_tells_the_offset() -> None:
    """A backlog that comes late does not raise it."""
    offset = Offset()
    for delay_s in (3, 1, 900):
        offset.observe(received_us=10_000 * S + delay_s * S, sent_us=10_000 * S - 20 * S)
    assert offset.us == 21 * S


def test_a_believed_clock_bounds_it() -> None:
    """An agent with ntp whose first packs all come late is no agent with a slow clock; one that is ahead says so."""
    offset = Offset()
    assert offset.believe(ClockState("ntp", 0))
    assert not offset.believe(ClockState("ntp", 0))
    offset.observe(received_us=5_000 * S, sent_us=1_000 * S)
    assert offset.us == 0
    offset.believe(ClockState("gnss", 120 * S))
    assert offset.us == -120 * S
    offset.believe(ClockState("rtc", 120 * S))
    assert offset.us == 4_000 * S


def test_a_clock_that_is_a_century_off_is_not_believed() -> None:
    """Else an event at the end of all numbers would be the present, and what tells of it could not write it."""
    offset = Offset()
    for off_us in (2**63 - 1, -(2**63 - 1)):
        assert not offset.believe(ClockState("ntp", off_us))
    assert offset.us == 0


def test_a_time_in_the_future_is_no_sample() -> None:
    """One pack with a mad clock does not make every device of the agent stale."""
    offset = Offset()
    assert not offset.observe(received_us=1_000 * S, sent_us=1_061 * S)
    assert offset.us == 0
    assert offset.observe(received_us=1_000 * S, sent_us=1_060 * S)
    assert offset.us == -60 * S


def test_old_samples_leave_with_their_window() -> None:
    """A clock that drifts is followed within two windows."""
    offset = Offset()
    offset.observe(received_us=0, sent_us=0)
    for n in (1, 2):
        offset.observe(received_us=n * WINDOW_US, sent_us=n * WINDOW_US - 5 * S)
    assert offset.us == 5 * S
