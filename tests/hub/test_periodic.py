"""A periodic thread takes its turns, can be woken, stops at once and says when it has died."""

import threading
import time

import pytest

from hub.periodic import Periodic

NEVER_S = 3_600.0


def test_the_first_turn_comes_at_once_or_after_a_period() -> None:
    """And a turn may ask for the next one sooner than the period."""
    came, turns = threading.Event(), list[int]()

    def turn() -> float | None:
        turns.append(1)
        if len(turns) == 3:
            came.set()
            return None
        return 0.0

    eager = Periodic("eager", turn, period_s=NEVER_S, at_once=True)
    patient = Periodic("patient", lambda: turns.append(100), period_s=NEVER_S)
    patient.start()
    eager.start()
    assert came.wait(30.0)
    begun = time.monotonic()
    eager.stop()
    patient.stop()
    assert time.monotonic() - begun < NEVER_S / 10, "a stop waits for no period"
    assert turns == [1, 1, 1]


def test_it_can_be_woken() -> None:
    """The next turn comes now."""
    came = threading.Event()
    one = Periodic("one", came.set, period_s=NEVER_S)
    one.start()
    one.wake()
    assert came.wait(30.0)
    one.stop()


def test_a_turn_that_fails_is_told_and_a_stop_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error itself goes where a thread's errors go."""
    errors, crashed, told = list[str](), threading.Event(), list[str]()
    monkeypatch.setattr(threading, "excepthook", lambda args: errors.append(str(args.exc_value)))

    def fail() -> None:
        raise ValueError("broken")

    def on_crash(name: str) -> None:
        told.append(name)
        crashed.set()

    broken = Periodic("broken", fail, period_s=NEVER_S, at_once=True, on_crash=on_crash)
    broken.start()
    assert crashed.wait(30.0)
    broken.stop()
    well = Periodic("well", lambda: None, period_s=NEVER_S, on_crash=on_crash)
    well.start()
    well.stop()
    assert (errors, told) == (["broken"], ["broken"])
