"""One occurrence, however often, from wherever and whenever its messages come."""

import random
import threading
import time
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.clock import Clock
from device_profiles.link import Inbound
from device_profiles.topics import AgentAddress, lane_topic
from device_profiles.wire import Event, Fact, Heartbeat, Lane, Pack, Status, decode_pack, encode
from hub.alarms.engine import fold
from hub.alarms.state import State
from hub.alarms.transitions import Kind, Transition
from hub.database import open_database
from hub.intake.inbox import Inbox, Waiting
from hub.intake.writer import Writer
from hub.journal.journal import Journal, NewRecord
from hub.ledger.store import LedgerSaver, catch_up, load
from tests.hub.alarms.scene import BOUND, TEXTS, Scene, us

COPIES = 64
DAY_S = 86_400
ADDRESS = AgentAddress("hz/xiacheng/chaoming", "a-1")
ENTRAPMENT = "lift.entrapment"


class _Port:
    """A connection that takes whatever it is given."""

    def __init__(self) -> None:
        self.acked = 0

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def drop(self) -> None: ...

    def ack(self, *messages: Inbound) -> None:
        self.acked += len(messages)

    def publish(self, _topic: str, _payload: bytes) -> int | None:
        return 1


class _Hub:
    """An intake over files, from one start to its end, with a clock ``at_s`` seconds into the story."""

    def __init__(self, folder: Path, *, at_s: float) -> None:
        self.engine = open_database(folder / "hub.db")
        self.journal = Journal.open(folder / "journal.db", reserve_bytes=1_000_000)
        self.ledger = load(self.engine)
        catch_up(self.ledger, self.journal)
        self._saver = LedgerSaver(self.engine, self.ledger)
        self._saver.start()
        clock = Clock(start_us=us(at_s), anchor_ns=time.monotonic_ns())
        self._writer = Writer(self.journal, self.ledger, self._saver, hub="hub-1", clock=clock)
        lock = threading.Lock()
        self._events, self._readings = (Inbox(10**9, lock=lock, ready=threading.Condition(lock)) for _ in range(2))

    def take(self, packs: list[Pack], *, seed: int) -> None:
        """Take in 64 copies of each pack, from as many connections at once, each in an order of its own."""
        ports = [_Port() for _ in range(COPIES)]
        senders = [
            threading.Thread(target=self._send, args=(packs, port, random.Random(seed * COPIES + number)))
            for number, port in enumerate(ports)
        ]
        for sender in senders:
            sender.start()
        while any(sender.is_alive() for sender in senders) or self._events or self._readings:
            self._writer.round(self._events, self._readings, _Port())
        assert [port.acked for port in ports] == [len(packs)] * COPIES

    def close(self) -> None:
        """End it as a stop does."""
        self._writer.finish()
        self._saver.stop()
        self.journal.close()
        self.engine.dispose()

    def _send(self, packs: list[Pack], port: _Port, chance: random.Random) -> None:
        for pack in chance.sample(packs, len(packs)):
            message = Inbound(lane_topic(ADDRESS, pack.lane), encode(pack), False, 1, 1)
            inbox = self._events if pack.lane in ("event", "status") else self._readings
            assert inbox.put(Waiting(message, port), timeout_s=10)
            time.sleep(chance.random() / 1_000)


def test_64_concurrent_copies_in_any_order_and_a_day_later_are_one_occurrence(tmp_path: Path) -> None:
    """Each pack is journalled once; again after restarts, a day later, and when the journal was cut meanwhile."""
    birth = _pack("status", 1, Status(us(0), 7, True, devices=BOUND), at_s=0)
    trapped = [_event("lift.stuck_occupied", 1, at_s=10), _pack("reading", 1, _beat(11), at_s=11)]
    freed = [_event("lift.released", 2, at_s=50), _pack("reading", 2, _beat(51), at_s=51)]
    hub = _Hub(tmp_path, at_s=0)
    hub.journal.append([NewRecord(us(0), "text", Scene(texts=TEXTS).records[0].body)])
    hub.take([birth], seed=1)
    hub.take(trapped, seed=2)
    assert _entrapments(hub.journal) == [Kind.RAISED]
    hub.take([*trapped, *freed], seed=3)
    hub.close()
    for days in (1, 2):
        hub = _Hub(tmp_path, at_s=days * DAY_S)
        hub.take([birth, *trapped, *freed], seed=3 + days)
        assert _counted(hub.journal) == {(pack.lane, pack.seq): 1 for pack in (birth, *trapped, *freed)}
        assert _entrapments(hub.journal) == [Kind.RAISED, Kind.CLEARED]
        hub.close()
    hub = _Hub(tmp_path, at_s=3 * DAY_S)
    hub.journal.cut(hub.journal.last_offset() + 1)
    hub.close()
    hub = _Hub(tmp_path, at_s=3 * DAY_S + 10)
    hub.take([birth, *trapped, *freed], seed=9)
    assert _counted(hub.journal) == {}
    hub.close()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_same_facts_in_other_packs_are_one_occurrence(data: st.DataObject) -> None:
    """An agent that says a fact again in a pack with another number, in any order and a day later: it joins."""
    scene = Scene()
    first = data.draw(st.permutations(["lift.stuck_occupied"] * 4 + ["lift.released"] * 2))
    later = data.draw(st.permutations(["lift.stuck_occupied"] * COPIES + ["lift.released"] * 2))
    for number, kind in enumerate(first):
        scene.event(kind, 10 if kind == "lift.stuck_occupied" else 50, got_s=52 + number)
    scene.ticks(60, 62)
    for number, kind in enumerate(later):
        scene.event(kind, 10 if kind == "lift.stuck_occupied" else 50, got_s=DAY_S + number)
    told = [t.kind for t in scene.made if t.alarm.rule == ENTRAPMENT and t.kind is not Kind.JOINED]
    assert told == [Kind.RAISED, Kind.CLEARED]


def _pack(lane: Lane, seq: int, fact: Fact, *, at_s: float) -> Pack:
    return Pack(1, "a-1", 7, lane, us(at_s), (fact,), seq, "b7")


def _event(kind: str, seq: int, *, at_s: float) -> Pack:
    return _pack("event", seq, Event("lift-7", us(at_s), kind, "life"), at_s=at_s)


def _beat(at_s: float) -> Heartbeat:
    return Heartbeat(us(at_s), {"lift-7": us(at_s), "cover-1": us(at_s)})


def _counted(journal: Journal) -> dict[tuple[str, int | None], int]:
    found: dict[tuple[str, int | None], int] = {}
    for record in journal.read(0, 100_000):
        if record.kind == "pack":
            pack = decode_pack(record.body)
            found[pack.lane, pack.seq] = found.get((pack.lane, pack.seq), 0) + 1
    return found


def _entrapments(journal: Journal) -> list[Kind]:
    state, made = State(), list[Transition]()
    for record in journal.read(0, 100_000):
        made += fold(state, record)
    return [each.kind for each in made if each.alarm.rule == ENTRAPMENT]
