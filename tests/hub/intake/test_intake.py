"""The whole intake against a real Mosquitto: what came is kept, acked and receipted, whatever dies in between."""

import json
from collections import Counter
from pathlib import Path

import pytest

from device_profiles.topics import lane_topic
from device_profiles.wire import LaneReceipt, encode
from hub.journal.faulty import note_of
from tests.hub.rig import ADDRESS, EPOCH, AgentSide, HubProcess, event, lost, pack
from tests.servers import Mosquitto


def test_packs_are_journalled_as_they_came_and_receipted(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Every lane's packs stand in the journal byte for byte, and the agent hears of it."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    sent = [pack(seq) for seq in range(1, 21)] + [pack(1, "event", event()), pack(1, "backlog"), pack(1, "status")]
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(*sent)
        assert agent.receipted("reading", 20)
        assert agent.receipted("event", 1)
        assert agent.receipted("backlog", 1)
        assert agent.receipted("status", 1)
    assert hub.stop() == 0
    kept = {(r.lane, r.seq): r.body for r in hub.records() if r.kind == "pack"}
    assert kept == {(one.lane, one.seq): encode(one) for one in sent}


@pytest.mark.parametrize("point", ["hub.before_append", "hub.after_fsync", "hub.after_puback", "hub.after_receipt"])
def test_invariant_02_a_hub_killed_at_any_point_loses_nothing(mosquitto: Mosquitto, tmp_path: Path, point: str) -> None:
    """Killed between the fsync and the acks or anywhere near, a hub that comes back has each pack exactly once."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start(fault=f"{point}:1")
    with AgentSide(mosquitto.url, tmp_path) as agent:
        packs = [pack(seq, "event", event()) for seq in range(1, 6)] + [pack(seq) for seq in range(1, 6)]
        agent.send(*packs)
        assert hub.ended() == -9
        hub.start()
        agent.send(*packs)  # what an agent does without a receipt
        assert agent.receipted("event", 5)
        assert agent.receipted("reading", 5)
    assert hub.stop() == 0
    kinds = Counter((r.kind, r.lane, r.seq) for r in hub.records())
    assert all(kinds["pack", lane, seq] == 1 for lane in ("event", "reading") for seq in range(1, 6))
    total = hub.totals()
    assert total | {"late": 0} == {
        "published": 10,
        "received": 10,
        "missing": 0,
        "outstanding": 0,
        "lost": 0,
        "doubled": sum(n for (kind, _, _), n in kinds.items() if kind == "double"),
        "late": 0,
        "resent": 0,
        "quarantined": 0,
        "lost_by": {},
    }


def test_gaps_are_asked_for_and_closed(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A gap older than a second is wanted; sent, or declared lost, it is not any more."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(*(pack(seq) for seq in (1, 2, 4, 5, 8)))
        wanted = LaneReceipt(2, ((3, 3), (6, 7)))
        assert agent.until(lambda: agent.receipts[-1:] != [] and agent.receipts[-1].lanes.get("reading") == wanted)
        agent.send(pack(3), pack(1, "event", lost("reading", 6, 7)))
        assert agent.receipted("reading", 8)
    assert hub.stop() == 0
    lanes = hub.ledger()["lanes"]
    assert isinstance(lanes, list)
    row = next(row for row in lanes if row["lane"] == "reading")
    assert (row["received"], row["missing"], row["lost"]) == (6, 0, {"evicted": 2})


def test_invariant_05_doubles_are_counted_and_receipted_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """An agent whose receipt was lost gets another one for a double; the double's body is not kept."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1))
        assert agent.receipted("reading", 1)
        agent.receipts.clear()
        agent.send(pack(1))
        assert agent.receipted("reading", 1)
    assert hub.stop() == 0
    assert [(r.kind, r.seq, bool(r.body)) for r in hub.records()] == [("pack", 1, True), ("double", 1, False)]


def test_invariant_09_bad_messages_are_quarantined_and_acked(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Garbage, wrong types, huge and foreign messages are kept with their reason, acked, and stop nothing."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    foreign = json.loads(encode(pack(1))) | {"agent": "somebody-else"}
    other_lane = json.loads(encode(pack(1, "event", event())))
    wrong_fact = json.loads(encode(pack(2))) | {"facts": [{"type": "reading", "device": "lift-07", "t_us": "noon"}]}
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send_raw(b"\xff\x00garbage")
        agent.send_raw(b'{"v":1}')
        agent.send_raw(b"[" * 100_000)
        agent.send_raw(b"x" * 300_000)
        agent.send_raw(json.dumps(foreign).encode())
        agent.send_raw(json.dumps(other_lane).encode(), lane="reading")
        agent.send_raw(json.dumps(wrong_fact).encode())
        agent.send_raw(encode(pack(None)))
        agent.send_raw(b"{}", topic="citynerve/1/agent/hz/xiacheng/Chao Ming/x/reading")
        agent.send(pack(1))
        assert agent.until(lambda: len(agent.pubacks) == 10)
        assert agent.receipted("reading", 2)  # the one with a wrong fact is kept too, so it must not come for ever
    assert hub.stop() == 0
    notes = [note_of(record)[0] for record in hub.records() if record.kind == "quarantine"]
    assert Counter(note.reason for note in notes) == {
        "malformed": 1,
        "wrong_type": 3,
        "too_large": 1,
        "wrong_agent": 1,
        "wrong_lane": 1,
        "no_seq": 1,
        "wrong_topic": 1,
    }
    assert hub.totals()["quarantined"] == 9


def test_cloned_cards_are_told_apart(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The same number from another start under one epoch is no double: it is kept, in quarantine."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1, boot="one"), pack(2, boot="two"))
        assert agent.receipted("reading", 2)
        agent.send(pack(1, boot="three"), pack(3, boot="one"))
        assert agent.receipted("reading", 3)
    assert hub.stop() == 0
    notes = [(note_of(r)[0].reason, bool(note_of(r)[1])) for r in hub.records() if r.kind == "quarantine"]
    assert notes == [("cloned", True)]


def test_a_will_is_journalled_once(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The retained will of a dead agent does not grow the journal with each start of the hub."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1, "status"))
        agent.send_raw(encode(pack(None, "status")), lane="status", retain=True)
        agent.send_raw(encode(pack(None, "status")), lane="status", retain=True)
        agent.send(pack(1, "event", event()))
        assert agent.receipted("event", 1)
        assert hub.stop() == 0
        hub.start()
        agent.send(pack(2, "event", event()))
        assert agent.receipted("event", 2)
    assert hub.stop() == 0
    assert [r.seq for r in hub.records() if r.lane == "status" and r.kind == "pack"] == [1, None]


def test_invariant_08_future_times_are_marked_and_the_pack_is_kept(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A pack from the future is in the journal, with a mark in the quarantine that names the fact."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        now = event()
        agent.send(pack(1, "event", type(now)(now.device, now.t_us + 3_600_000_000, now.kind, now.severity)))
        assert agent.receipted("event", 1)
    assert hub.stop() == 0
    assert [r.kind for r in hub.records()] == ["pack", "quarantine"]


def test_old_epochs_are_receipted_under_their_own(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Packs that a later session sends again are receipted for the epoch they were made in, and counted."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    old = json.loads(encode(pack(1, epoch=EPOCH - 5))) | {"resent_in": EPOCH}
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send_raw(json.dumps(old).encode())
        agent.send(pack(1))
        assert agent.receipted("reading", 1, epoch=EPOCH - 5)
        assert agent.receipted("reading", 1)
    assert hub.stop() == 0
    assert hub.totals()["resent"] == 1


def test_a_broker_that_dies_is_found_again(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """After SIGKILL of the broker both sides come back, and what was sent again arrives."""
    hub = HubProcess(tmp_path / "hub", mosquitto.url).start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1))
        assert agent.receipted("reading", 1)
        mosquitto.stop(kill=True)
        mosquitto.start()
        assert any(_sent_again(agent) for _ in range(30))
    assert hub.stop() == 0


def _sent_again(agent: AgentSide) -> bool:
    """Send as an agent does that has no receipt yet; return whether it came in the next second."""
    agent.link.publish(lane_topic(ADDRESS, "reading"), encode(pack(2)))
    return agent.until(lambda: any(to >= 2 for to in agent.receipted_to("reading")), timeout_s=1.0)
