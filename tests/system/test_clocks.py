"""Clocks that are wrong, are set, or stand still: no alarm is lost to them, and none is made of them."""

import signal
import time
from datetime import UTC, datetime

import pytest

from device_profiles.clock import simulated_clock
from tests.system.chain import COVER, FREED, LIFT, RUNNING, SOUND, TILTED, TRAPPED, Chain

pytestmark = pytest.mark.long

HOUR_S = 3_600


def stepped(chain: Chain, name: str, seconds: float) -> tuple[str, ...]:
    """Set the clock of a program by ``seconds``; return how that program is run."""
    file = chain.folder / f"{name}.clock"
    file.with_suffix(".new").write_text(str(seconds))
    file.with_suffix(".new").replace(file)
    return "tests.system.stepped", str(file), name


def test_an_agent_an_hour_ahead(chain: Chain) -> None:
    """Its readings are not believed and its devices are silent, but a trapped passenger is told at once."""
    chain.start_hub()
    chain.start_agent(program=stepped(chain, "edge_agent", HOUR_S))
    chain.show(COVER, TILTED)
    chain.show(LIFT, TRAPPED)
    assert chain.centre.hears("lift.entrapment", "raised")
    assert chain.centre.hears("device.silent", "raised", "raised")
    assert chain.centre.kinds("cover.moved") == []
    stepped(chain, "edge_agent", 0)
    assert chain.centre.hears("device.silent", "raised", "raised", "cleared", "cleared")
    assert chain.centre.hears("cover.moved", "raised")
    chain.show(LIFT, FREED)
    assert chain.centre.until(lambda: "cleared" in chain.centre.kinds("lift.entrapment"))
    assert chain.settled()
    assert chain.replays()


@pytest.mark.parametrize(
    ("begun", "seconds"),
    [
        pytest.param(0, -HOUR_S, id="back"),
        pytest.param(0, 50.0, id="forward"),
        pytest.param(-HOUR_S, 0, id="an hour forward, to the right time"),
        pytest.param(60 - round(time.time()), 0, id="from 1970 to the right time"),
    ],
)
def test_an_agent_whose_clock_is_set(chain: Chain, begun: float, seconds: float) -> None:
    """Open alarms stay, pending timers begin anew, and everything goes on by the new time: NTP may come late."""
    chain.start(agent=stepped(chain, "edge_agent", begun))
    chain.show(LIFT, TRAPPED)
    assert chain.centre.hears("lift.entrapment", "raised")
    chain.show(COVER, TILTED)
    stepped(chain, "edge_agent", seconds)
    assert chain.centre.hears("cover.moved", "raised")
    chain.show(COVER, SOUND)
    chain.show(LIFT, FREED)
    assert chain.centre.hears("cover.moved", "raised", "cleared")
    assert chain.centre.hears("lift.entrapment", "raised", "cleared")
    chain.show(LIFT, RUNNING)
    chain.show(LIFT, TRAPPED)
    assert chain.centre.hears("lift.entrapment", "raised", "cleared", "raised")
    assert chain.centre.words[-1].sounded
    assert {word.rule for word in chain.centre.words} == {"cover.moved", "lift.entrapment"}
    assert chain.settled()
    assert chain.replays()


@pytest.mark.parametrize("seconds", [-50.0, HOUR_S])
def test_a_hub_whose_clock_is_set(chain: Chain, seconds: float) -> None:
    """No device is silent because of it, and alarms are raised and cleared as before."""
    chain.hub.program = list(stepped(chain, "hub", 0))
    chain.start()
    stepped(chain, "hub", seconds)
    chain.show(COVER, TILTED)
    chain.show(LIFT, TRAPPED)
    assert chain.centre.until(lambda: "raised" in chain.centre.kinds("cover.moved"))
    assert chain.centre.until(lambda: "raised" in chain.centre.kinds("lift.entrapment"))
    assert all(word.sounded for word in chain.centre.words)
    chain.show(COVER, SOUND)
    chain.show(LIFT, FREED)
    assert chain.centre.until(lambda: chain.centre.kinds("cover.moved")[-1] == "cleared")
    assert chain.centre.until(lambda: chain.centre.kinds("lift.entrapment")[-1] == "cleared")
    assert [word.kind for word in chain.centre.words].count("raised") == 2
    assert not chain.centre.until(lambda: chain.centre.kinds("device.silent") != [], 12.0)
    assert chain.settled()
    assert chain.replays()


def test_a_hub_that_stands_still(chain: Chain) -> None:
    """Its own absence is nobody's silence, and what came meanwhile is alarmed once it goes on."""
    chain.start()
    assert chain.hub.process is not None
    chain.hub.process.send_signal(signal.SIGSTOP)
    chain.show(COVER, TILTED)
    chain.show(LIFT, TRAPPED)
    assert not chain.centre.until(lambda: chain.centre.words != [], 20.0)
    chain.hub.process.send_signal(signal.SIGCONT)
    assert chain.centre.until(lambda: "raised" in chain.centre.kinds("lift.entrapment"))
    assert chain.centre.until(lambda: "raised" in chain.centre.kinds("cover.moved"))
    assert not chain.centre.until(lambda: chain.centre.kinds("device.silent") != [], 10.0)
    assert [word.kind for word in chain.centre.words].count("raised") == 2
    assert chain.settled()
    assert chain.replays()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("pause_s", [0.0, 90.0])
def test_an_agent_that_stands_still(chain: Chain, pause_s: float) -> None:
    """Its devices are silent and it is offline, each said once; all of it ends when it goes on. No clock was set."""
    chain.start()
    chain.agent.process.send_signal(signal.SIGSTOP)
    assert not chain.centre.until(lambda: False, pause_s)
    assert chain.centre.hears("agent.offline", "raised")
    silent = ["raised", "raised", "suppressed", "suppressed"]  # the agent's own absence explains them
    assert chain.centre.hears("device.silent", *silent)
    chain.show(LIFT, TRAPPED)
    chain.agent.process.send_signal(signal.SIGCONT)
    assert chain.centre.hears("agent.offline", "raised", "cleared")
    assert chain.centre.hears("device.silent", *silent, "cleared", "cleared")
    assert chain.centre.hears("lift.entrapment", "raised")
    assert chain.settled()
    assert chain.replays()
    assert not any(b'"clock_step"' in record.body for record in chain.hub.records())


@pytest.mark.timeout(400)
def test_a_cover_that_tilts_while_the_agent_stands_still(chain: Chain) -> None:
    """What began in 90 s of which nobody knows is timed from when somebody looks again; nothing is made up before."""
    chain.start()
    chain.agent.process.send_signal(signal.SIGSTOP)
    chain.show(COVER, TILTED)
    assert not chain.centre.until(lambda: False, 90.0)
    woken_us = time.time_ns() // 1000
    chain.agent.process.send_signal(signal.SIGCONT)
    assert chain.centre.hears("cover.moved", "raised")
    assert chain.settled()
    assert chain.replays()
    (alarm,) = [alarm for alarm in chain.hub.alarms() if alarm["rule"] == "cover.moved"]
    assert int(str(alarm["t_fact_us"])) >= woken_us


@pytest.mark.parametrize("moment", ["2036-02-07T06:28:16", "2038-01-19T03:14:08", "1970-01-01T00:01:00"])
def test_a_whole_city_across_the_end_of_a_counter(chain: Chain, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """NTP's seconds begin anew, 32 bits of seconds are full, a city without any time begins: an alarm lives across."""
    turn_us = round(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * 1_000_000
    clock = simulated_clock(start_us=turn_us - 20_000_000, speed=1.0)
    for name, value in clock.environment().items():
        monkeypatch.setenv(name, value)
    chain.start()
    chain.show(COVER, TILTED)
    chain.show(LIFT, TRAPPED)
    assert chain.centre.hears("lift.entrapment", "raised")
    assert chain.centre.hears("cover.moved", "raised")
    assert chain.until(lambda: clock.wall_us() > turn_us + 3_000_000)
    chain.show(COVER, SOUND)
    chain.show(LIFT, FREED)
    assert chain.centre.hears("lift.entrapment", "raised", "cleared")
    assert chain.centre.hears("cover.moved", "raised", "cleared")
    assert {word.rule for word in chain.centre.words} == {"cover.moved", "lift.entrapment"}
    assert all(word.sounded for word in chain.centre.words)
    assert chain.settled()
    assert chain.replays()
