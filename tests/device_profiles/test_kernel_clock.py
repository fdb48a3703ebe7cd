"""What the kernel says of the wall clock, in the contract's words."""

from pathlib import Path

import pytest

from device_profiles import kernel_clock
from device_profiles.kernel_clock import kernel_clock_state, state_of
from device_profiles.wire import ClockState

UNSYNC, NANO, PPS = 0x0040, 0x2000, 0x0104


@pytest.mark.parametrize(
    ("answer", "status", "offset", "state"),
    [
        (0, NANO, 120_400, ClockState("ntp", -120)),  # lacks 120 us, so it is that much behind
        (0, 0, -35, ClockState("ntp", 35)),
        (1, NANO, 0, ClockState("ntp")),  # a leap second is announced: the clock is kept all the same
        (0, NANO | PPS, 400, ClockState("gnss")),
        (5, UNSYNC, 10**9, ClockState("rtc")),  # what it lacks is not known, whatever stands there
        (5, 0, 0, ClockState("rtc")),
        (0, UNSYNC, 0, ClockState("rtc")),
    ],
)
def test_what_adjtimex_means(answer: int, status: int, offset: int, state: ClockState) -> None:
    """Source and offset follow from answer and status; adjtimex(2) says which bits."""
    assert state_of(answer, status=status, offset=offset) == state


def test_this_kernel_answers() -> None:
    """The call needs no rights, and an offset that is told is a small one: no misread struct."""
    state = kernel_clock_state()
    assert state.source in ("ntp", "gnss", "rtc", "unknown")
    assert abs(state.offset_us) < 1_000_000


def test_a_container_that_forbids_the_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """systemd-timesyncd's mark is believed; without one nothing is known."""
    monkeypatch.setattr(kernel_clock, "_adjtimex", lambda: lambda _timex: -1)
    monkeypatch.setattr(kernel_clock, "TIMESYNC", tmp_path / "synchronized")
    assert kernel_clock_state() == ClockState("unknown")
    (tmp_path / "synchronized").touch()
    assert kernel_clock_state() == ClockState("ntp")
