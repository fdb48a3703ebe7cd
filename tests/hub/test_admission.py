"""A time in the future is never believed, and one that is late is history."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.wire import ClockState, Heartbeat
from hub.admission import FUTURE_US, MAX_OFFSET_US, Admission, admit, admit_facts, ceiling_us, is_historical
from tests.hub.made import T0_US, pack, reading

NTP = ClockState("ntp", 0)


def test_sixty_seconds_ahead_is_the_limit() -> None:
    """Exactly 60 s ahead is believed, one microsecond more is not."""
    ceiling = ceiling_us(NTP, received_us=T0_US)
    assert admit(T0_US + FUTURE_US, ceiling=ceiling) is Admission.ACCEPTED
    assert admit(T0_US + FUTURE_US + 1, ceiling=ceiling) is Admission.FUTURE


@given(offset_us=st.integers(-MAX_OFFSET_US, MAX_OFFSET_US), ahead_us=st.integers(-(10**12), 10**12))
def test_the_known_error_of_the_clock_is_removed(offset_us: int, ahead_us: int) -> None:
    """What counts is how far ahead of true time the fact was made."""
    ceiling = ceiling_us(ClockState("ntp", offset_us), received_us=T0_US)
    future = admit(T0_US + offset_us + ahead_us, ceiling=ceiling) is Admission.FUTURE
    assert future is (ahead_us > FUTURE_US)


def test_a_huge_offset_is_not_believed() -> None:
    """An agent cannot talk the hub into next year."""
    year_us = 365 * 86_400 * 1_000_000
    ceiling = ceiling_us(ClockState("rtc", year_us), received_us=T0_US)
    assert admit(T0_US + year_us, ceiling=ceiling) is Admission.FUTURE


def test_behind_the_subjects_own_time_is_late() -> None:
    """Late is behind now(d); the same instant is not late."""
    ceiling = ceiling_us(NTP, received_us=T0_US)
    assert admit(T0_US - 1, ceiling=ceiling, now_us=T0_US) is Admission.LATE
    assert admit(T0_US, ceiling=ceiling, now_us=T0_US) is Admission.ACCEPTED


def test_one_fact_from_the_future_does_not_take_its_pack_along() -> None:
    """Each fact is decided alone, and a heartbeat loses only the times that are not believed."""
    made = pack(
        reading(at_s=1), reading(at_s=61), Heartbeat(T0_US, {"lift-01": T0_US, "lift-02": T0_US + FUTURE_US + 1})
    )
    decided = list(admit_facts(made, received_us=T0_US))
    assert [admission.value for _, admission in decided] == ["accepted", "future", "accepted"]
    assert decided[2][0] == Heartbeat(T0_US, {"lift-01": T0_US})


def test_what_came_long_after_it_was_observed_is_history() -> None:
    """A backlog is history, and so is whatever waited for more than a minute."""
    assert not is_historical(T0_US, pack(), received_us=T0_US + 60_000_000)
    assert is_historical(T0_US, pack(), received_us=T0_US + 60_000_001)
    assert not is_historical(T0_US, pack(offset_us=-5_000_000), received_us=T0_US + 60_000_000)
    assert is_historical(T0_US, pack(lane="backlog"), received_us=T0_US)


def test_by_a_clock_that_nobody_keeps_history_is_what_was_old_when_it_was_sent() -> None:
    """An agent that is an hour behind sends no history, and one that says so itself is believed."""
    hour_us = 3_600_000_000
    live = msgspec.structs.replace(pack(), clock=ClockState("rtc"), sent_us=T0_US)
    assert not is_historical(T0_US - 60_000_000, live, received_us=T0_US + hour_us)
    assert is_historical(T0_US - 60_000_001, live, received_us=T0_US + hour_us)
    assert is_historical(T0_US, pack(), received_us=T0_US + hour_us)
    assert not is_historical(T0_US, pack(offset_us=-hour_us), received_us=T0_US + hour_us)
