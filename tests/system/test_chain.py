"""The real chain under an adversary: whatever is pulled, killed or forged, no alarm is lost and none is false."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from device_profiles.clock import simulated_clock
from tests.servers import Mosquitto
from tests.system.chain import AREA, COVER, FREED, LIFT, RUNNING, SOUND, TILTED, TRAPPED, Chain

pytestmark = pytest.mark.long


def test_a_condition_and_an_event_become_alarms_and_end(chain: Chain) -> None:
    """The chain as it should be, so that what follows means something."""
    chain.start()
    chain.show(COVER, TILTED)
    chain.show(LIFT, TRAPPED)
    assert chain.centre.hears("cover.moved", "raised")
    assert chain.centre.hears("lift.entrapment", "raised")
    chain.show(COVER, SOUND)
    chain.show(LIFT, FREED)
    assert chain.centre.hears("cover.moved", "raised", "cleared")
    assert chain.centre.hears("lift.entrapment", "raised", "cleared")
    assert chain.settled()
    assert chain.replays()


def test_invariant_10_a_dead_line_takes_no_other_line_down(chain: Chain) -> None:
    """A port that is not there, and one on which nobody answers: the lift of the third line is heard all the same."""
    chain.start_hub()
    with socket.create_server(("127.0.0.1", 0)) as deaf, chain.config.open("a", encoding="utf-8") as config:
        for number, port in enumerate(("nowhere", f"socket://127.0.0.1:{deaf.getsockname()[1]}"), 90):
            config.write(f'[[lines]]\nport = "{port}"\n[[lines.slaves]]\nunit = 1\n')
            config.write(f'device = "lift-{number}"\nprofile = "quick_lift"\n')
        config.flush()
        chain.start_agent()
        chain.show(LIFT, TRAPPED)
        assert chain.centre.hears("lift.entrapment", "raised")
        assert chain.centre.hears("device.silent", "raised", "raised")
        assert {word.subject for word in chain.centre.words if word.rule == "device.silent"} == {
            f"{AREA}/lift-90",
            f"{AREA}/lift-91",
        }
        assert chain.settled()


def test_a_line_that_hangs_up_while_an_alarm_is_pending(chain: Chain) -> None:
    """Silence makes nothing true; once the line is back the condition holds on, and the alarm comes once."""
    chain.start()
    pending = len(chain.hub.records())
    chain.show(COVER, TILTED)
    assert chain.until(lambda: _tilt(chain) == 30.0)
    chain.line.unplug()
    assert pending
    assert chain.centre.until(lambda: len(chain.centre.kinds("device.silent")) == 2)
    assert chain.centre.kinds("cover.moved") in ([], ["raised"], ["raised", "stale"])
    chain.line.replug()
    assert chain.centre.until(lambda: sorted(chain.centre.kinds("device.silent")) == ["cleared"] * 2 + ["raised"] * 2)
    assert chain.centre.until(lambda: chain.centre.kinds("cover.moved").count("raised") == 1)
    chain.show(COVER, SOUND)
    assert chain.centre.until(lambda: chain.centre.kinds("cover.moved").count("cleared") == 1)
    assert chain.centre.kinds("cover.moved").count("raised") == 1
    assert chain.settled()
    assert chain.replays()


def _tilt(chain: Chain) -> object:
    """Return what the hub holds of it; None before it holds anything."""
    values: Any = chain.twins().get(f"{AREA}/{COVER}", {}).get("values", {})
    return values.get("tilt_deg", {}).get("value")


@pytest.fixture
def fast(tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """Run the same in a city whose time flies ten times as fast."""
    clock = simulated_clock(start_us=time.time_ns() // 1000, speed=10.0)
    monkeypatch.setenv(*next(iter(clock.environment().items())))
    with Chain(tmp_path, mosquitto, silent="60s") as found:
        yield found


def test_a_broker_that_is_away_for_long(fast: Chain) -> None:
    """What was made meanwhile arrives whole: what began long ago is sounded because it holds on, as is what is new."""
    chain = fast.start()
    chain.broker.stop()
    chain.show(COVER, {"tilt_deg": 1.0, "water_m": 0.5})
    chain.show(LIFT, TRAPPED)
    for step in range(34):  # over five city minutes: what happened at their beginning is no news at their end
        chain.show(COVER, {"water_m": 0.5 + step / 100})
        time.sleep(1.0)
    chain.broker.start()
    assert chain.centre.until(lambda: chain.centre.kinds("lift.entrapment")[:2] == ["raised", "sounded"])
    old = [word.sounded for word in chain.centre.words if word.rule == "lift.entrapment"]
    assert old[:2] == [False, True]
    chain.show(LIFT, FREED)
    assert chain.centre.until(lambda: chain.centre.kinds("lift.entrapment")[-1] == "cleared")
    chain.show(LIFT, RUNNING)
    chain.show(LIFT, TRAPPED)
    assert chain.centre.until(lambda: chain.centre.kinds("lift.entrapment").count("raised") == 2)
    assert chain.centre.words[-1].sounded
    assert chain.settled()
    assert chain.replays()
    assert chain.centre.kinds("device.silent") == ["raised"] * 2 + ["cleared"] * 2
