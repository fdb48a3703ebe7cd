"""One clock for a whole city: real, or played by a scenario at another speed."""

import subprocess
import sys
import time

import pytest

from device_profiles.clock import ENVIRONMENT, MAX_SPEED, Clock, clock_from_environment, simulated_clock
from device_profiles.errors import ConfigError
from device_profiles.kernel_clock import kernel_clock_state
from device_profiles.wire import ClockState

START_US = 1_763_600_000_000_000


def test_the_real_clock_is_the_machine() -> None:
    """Without a scenario the wall is the machine's, and children need no environment."""
    clock = Clock()
    before = time.time_ns() // 1000
    assert before <= clock.wall_us() <= time.time_ns() // 1000
    assert not clock.simulated
    assert clock.environment() == {}


def test_a_scenario_clock_starts_where_it_is_told() -> None:
    """The wall stands at the start, and never runs backwards."""
    clock = simulated_clock(start_us=START_US, speed=1.0)
    first = clock.wall_us()
    assert first >= START_US
    assert clock.wall_us() >= first
    assert clock.simulated


def test_the_speed_is_exact() -> None:
    """City time between two instants is the real time between them times the speed."""
    anchor = time.monotonic_ns()
    slow = Clock(start_us=START_US, speed=1.0, anchor_ns=anchor)
    fast = Clock(start_us=START_US, speed=10.0, anchor_ns=anchor)
    low, high, low_again = slow.wall_us(), fast.wall_us(), slow.wall_us()
    assert (low - START_US - 1) * 10 <= high - START_US <= (low_again - START_US + 1) * 10
    assert fast.real_seconds(10.0) == 1.0


async def test_sleep_is_in_city_seconds() -> None:
    """Sleeping lets at least that much city time pass, and a negative sleep none."""
    clock = simulated_clock(start_us=START_US, speed=10.0)
    before_us, before_s, real_s = clock.wall_us(), clock.monotonic_s(), clock.real_s()
    await clock.sleep(0.2)
    assert clock.wall_us() - before_us >= 190_000
    assert clock.monotonic_s() - before_s >= 0.19
    assert clock.real_s() - real_s >= 0.019
    await clock.sleep(-1)


def test_invariant_13_all_processes_have_one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child process reads the same city time, between the parent's two readings."""
    clock = simulated_clock(start_us=START_US, speed=10.0)
    for name, value in clock.environment().items():
        monkeypatch.setenv(name, value)
    code = "from device_profiles.clock import clock_from_environment as c; print(c().wall_us(), c().speed)"
    before = clock.wall_us()
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert before <= int(said[0]) <= clock.wall_us()
    assert float(said[1]) == 10.0


@pytest.mark.parametrize(
    "text", ["soon", "1:2", "1:2:3:4", "x:1:1", "1:fast:1", "1:0:1", "1:-1:1", "1:nan:1", "1:11:1"]
)
def test_a_bad_environment_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A clock that cannot be read is a config error that names the variable."""
    monkeypatch.setenv(ENVIRONMENT, text)
    with pytest.raises(ConfigError, match=ENVIRONMENT):
        clock_from_environment()


def test_an_empty_environment_is_the_real_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset and empty mean the same."""
    monkeypatch.setenv(ENVIRONMENT, "")
    assert not clock_from_environment().simulated
    monkeypatch.delenv(ENVIRONMENT)
    assert not clock_from_environment().simulated


@pytest.mark.parametrize("speed", [0.0, -1.0, MAX_SPEED + 1, float("nan")])
def test_impossible_speeds_are_refused(speed: float) -> None:
    """A scenario is not faster than its serial lines can be."""
    with pytest.raises(ValueError, match="speed"):
        simulated_clock(start_us=START_US, speed=speed)


def test_a_suspended_machine_has_not_set_its_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it sleeps the wall goes on and CLOCK_MONOTONIC stands: the monotonic seconds of the city go on as well."""
    clock, stood_ns = Clock(), time.monotonic_ns()
    before_s = clock.monotonic_s()
    monkeypatch.setattr(time, "monotonic", lambda: stood_ns / 1e9)
    monkeypatch.setattr(time, "monotonic_ns", lambda: stood_ns)
    time.sleep(0.02)
    assert clock.monotonic_s() - before_s >= 0.02


def test_who_keeps_the_clock() -> None:
    """A scenario's clock says that it is one; the real one says what the kernel says."""
    assert simulated_clock(start_us=START_US, speed=1.0).state() == ClockState("simulated")
    assert Clock().state().source == kernel_clock_state().source
