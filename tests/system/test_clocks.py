"""Clocks that are wrong, are set, or stand still: no alarm is lost to them, and none is made of them."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Mosquitto
from tests.system.chain import COVER, FREED, LIFT, RUNNING, SOUND, TILTED, TRAPPED, Chain

pytestmark = pytest.mark.long

HOUR_S = 3_600


@pytest.fixture
def chain(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Chain]:
    """Run the line and the command centre; hub and agent are started by the test."""
    with Chain(tmp_path, mosquitto) as found:
        yield found


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


@pytest.mark.parametrize("seconds", [-HOUR_S, 50.0])
def test_an_agent_whose_clock_is_set(chain: Chain, seconds: float) -> None:
    """Open alarms stay, pending timers begin anew, and everything goes on by the new time."""
    chain.start(agent=stepped(chain, "edge_agent", 0))
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


def test_an_agent_that_stands_still(chain: Chain) -> None:
    """Its devices are silent and it is offline, each said once; all of it ends when it goes on."""
    chain.start()
    chain.agent.process.send_signal(signal.SIGSTOP)
    assert chain.centre.hears("agent.offline", "raised")
    assert chain.centre.hears("device.silent", "raised", "raised")
    chain.show(LIFT, TRAPPED)
    chain.agent.process.send_signal(signal.SIGCONT)
    assert chain.centre.hears("agent.offline", "raised", "cleared")
    assert chain.centre.hears("device.silent", "raised", "raised", "cleared", "cleared")
    assert chain.centre.hears("lift.entrapment", "raised")
    assert chain.settled()
    assert chain.replays()
