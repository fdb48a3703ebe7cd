"""Forged, cloned and broken senders: they are named, and nobody else suffers."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.topics import AgentAddress, lane_topic
from device_profiles.wire import LANES
from simulators.modbus import Line, RegisterImage, Slave, blank_cells
from tests.hub.rig import AgentSide
from tests.servers import Mosquitto
from tests.system.chain import AREA, COVER, FREED, LIFT, TILTED, TRAPPED, Chain

pytestmark = pytest.mark.long

HERE = AgentAddress(AREA, "chaoming-01")
ELSE = AgentAddress(AREA, "chaoming-02")
GARBAGE = [
    b"",
    b"\x00\xff" * 500,
    b"{",
    b"[]",
    b'"' * 10_000,
    b"[" * 100_000,
    b'{"v":1,' * 50_000,
    b'{"v":1,"agent":"chaoming-02","epoch":"1","lane":"event","seq":1,"sent_us":1,"facts":[]}',
    b'{"v":1,"agent":"chaoming-02","epoch":1,"lane":"event","seq":-1,"sent_us":1,"facts":[]}',
    b'{"v":2,"agent":"chaoming-02","epoch":1,"lane":"event","seq":1,"sent_us":1,"facts":[]}',
    b'{"v":1,"agent":"chaoming-02","epoch":1,"lane":"event","seq":99999999999999999999,"sent_us":1,"facts":[]}',
    b'{"v":1,"agent":"chaoming-01","epoch":99999999999,"lane":"event","seq":1,"sent_us":1,"facts":[]}',
    b'{"v":1,"agent":"chaoming-02","epoch":1,"lane":"event","seq":7,"sent_us":1,"facts":[{"type":"reading"}]}',
    b'{"v":1,"agent":"chaoming-02","epoch":1,"lane":"event","seq":8,"sent_us":1,"facts":[{"type":"bomb"}]}',
    b" " * 5_000_000,
    "\ud800".encode("utf-16", "surrogatepass"),
]


@pytest.fixture
def chain(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Chain]:
    """Run the line and the command centre; hub and agent are started by the test."""
    with Chain(tmp_path, mosquitto, silent="60s") as found:
        yield found


def test_invariant_09_garbage_stops_nothing(chain: Chain) -> None:
    """On every lane, retained or not, from another agent's topic too: it is counted, and the alarms go on."""
    chain.start()
    sent = 0
    with AgentSide(chain.broker.url, chain.folder, address=ELSE) as forger:
        for lane in LANES:
            for number, payload in enumerate(GARBAGE):
                forger.send_raw(payload, topic=lane_topic(ELSE, lane), retain=number % 5 == 0)
                sent += 1
        forger.send_raw(b"nothing", topic=lane_topic(HERE, "event"))
        assert forger.until(lambda: len(forger.pubacks) == sent + 1)
        chain.show(LIFT, TRAPPED)
        assert chain.centre.hears("lift.entrapment", "raised")
    chain.show(COVER, TILTED)
    assert chain.centre.hears("cover.moved", "raised")
    assert chain.until(lambda: chain.hub.totals()["quarantined"] >= sent - len(LANES) + 1)
    assert chain.hub.stop() == 0
    chain.start_hub()  # what is retained comes again, and stops nothing again
    assert chain.ends_well()


def test_a_cloned_card_is_named_and_silences_nobody(chain: Chain) -> None:
    """Two agents live on one identity: one alarm says so, and who is trapped in the first one's lift is still told."""
    chain.start()
    assert chain.agent.stop() == 0
    shutil.copytree(chain.data, chain.folder / "clone")
    chain.start_agent()
    first = chain.agent
    images = [RegisterImage(blank_cells(chain.specs[kind])) for kind in ("cover", "quick_lift")]
    slaves = [Slave(unit, image, turn_around_ms=2) for unit, image in enumerate(images, 1)]
    with Line(slaves, tcp_port=0) as other:
        config = chain.write_config(chain.folder / "clone.toml", port=other.url, data=str(chain.folder / "clone"))
        clone = chain.start_agent(config)
        told = ("agent.epoch_back", "agent.two_sessions")
        assert chain.centre.until(lambda: any(chain.centre.kinds(rule) for rule in told))
        chain.show(LIFT, TRAPPED)
        assert chain.centre.until(lambda: "raised" in chain.centre.kinds("lift.entrapment"))
        assert clone.stop() == 0
    assert first.process.poll() is None
    chain.agent = first
    chain.show(LIFT, FREED)
    assert chain.centre.until(lambda: chain.centre.kinds("lift.entrapment")[-1] == "cleared")
    assert chain.settled()
    assert chain.replays()


def test_a_restored_outbox_is_no_clone(chain: Chain) -> None:
    """An agent from an old copy of its disk begins a newer epoch: what it sends again is double, no alarm is false."""
    chain.start()
    chain.show(LIFT, TRAPPED)
    assert chain.centre.hears("lift.entrapment", "raised")
    chain.agent.kill()
    shutil.copytree(chain.data, chain.folder / "copy")
    chain.start_agent()
    chain.show(LIFT, FREED)
    assert chain.centre.hears("lift.entrapment", "raised", "cleared")
    chain.agent.kill()
    shutil.rmtree(chain.data)
    (chain.folder / "copy").rename(chain.data)
    chain.start_agent()
    chain.show(COVER, TILTED)
    assert chain.centre.hears("cover.moved", "raised")
    assert chain.centre.kinds("lift.entrapment") == ["raised", "cleared"]
    assert {word.rule for word in chain.centre.words} <= {"lift.entrapment", "cover.moved", "agent.offline"}
    assert chain.settled()
    assert chain.replays()
