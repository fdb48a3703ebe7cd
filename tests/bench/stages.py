"""What each stage costs, in µs a fact: the same packs of ten readings through every room of the path."""

import gc
import time
from collections.abc import Callable
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.profile import Profile, load_profiles
from device_profiles.wire import Fact, Reading, decode_facts, decode_pack
from edge_agent.judge import judge_of
from edge_agent.outbox.outbox import Outbox
from hub.alarms.engine import fold
from hub.alarms.state import State
from hub.archive.embedded import EmbeddedArchive
from hub.archive.reader import ArchiveReader
from hub.database import open_database
from hub.journal.journal import Journal, NewRecord
from hub.journal.texts import write_texts
from hub.ledger.ledger import Ledger
from hub.twins.reader import TwinReader
from tests.bench import load
from tests.bench.report import Figure

PACKS, READINGS, AGENTS = 1_000, 10, 50
FACTS = PACKS * READINGS
BATCH = 100  # packs in one call, as a busy hub takes them


def measure(folder: Path) -> list[Figure]:
    """Return the cost of every stage."""
    profiles = load_profiles()
    journal = Journal.open(folder / "journal.db")
    now_us = time.time_ns() // 1000
    write_texts(journal, profiles, now_us=now_us)
    journal.append(
        [_record("status", 1, agent, load.birth_of(agent, epoch=7, now_us=now_us), now_us) for agent in range(AGENTS)]
    )
    rows = [_row(number, now_us) for number in range(PACKS)]
    costs = {
        "edge: judge a lift's sample": _judge(profiles["lift_terminal"]),
        "edge: outbox, packed and synced": _outbox(folder, rows),
        "hub: decode": _timed(lambda: [decode_pack(row.body) for row in rows]),
        "hub: journal, synced in batches of 100 packs": _timed(
            lambda: [journal.append(batch) for batch in _batches(rows)]
        ),
    }
    records = journal.read(0, PACKS * 2)
    engine = open_database(folder / "hub.db")
    archive, twins = ArchiveReader(EmbeddedArchive(folder / "archive.db")), TwinReader(engine)
    ledger, state = Ledger(), State()
    costs["hub: ledger"] = _timed(lambda: [ledger.take(record) for record in records])
    costs["hub: alarms"] = _timed(lambda: [fold(state, record) for record in records])
    costs["hub: twins"] = _timed(lambda: [twins.apply(batch) for batch in _batches(records)])
    costs["hub: archive, synced"] = _timed(lambda: [archive.apply(batch) for batch in _batches(records)])
    engine.dispose()
    journal.close()
    return [Figure(name, cost, "µs/fact", detail="packs of 10 readings of 3 values") for name, cost in costs.items()]


def _row(number: int, now_us: int) -> NewRecord:
    agent, seq = number % AGENTS, number // AGENTS + 1
    payload = load.packs_of(agent, seq=seq, epoch=7, readings=READINGS, now_us=now_us + number * 1000)
    return _record("reading", seq, agent, payload, now_us + number * 1000)


def _record(lane: str, seq: int, agent: int, payload: bytes, now_us: int) -> NewRecord:
    # decoded once, by intake; the readers get it with the record
    return NewRecord(now_us, "pack", payload, str(load.address(agent)), 7, lane, seq, decode_pack(payload))


def _batches(rows: list) -> list[list]:  # type: ignore[type-arg]
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def _judge(profile: Profile) -> float:
    judge = judge_of(profile)
    assert judge is not None
    values = {"car_moving": False, "door_zone": True, "door_closed": True, "passenger": False, "service_mode": 1}
    states = [judge.state()]

    def run() -> None:
        state = states[0]
        for number in range(FACTS):
            state, _ = judge.judge(state, values, number * 100_000)

    return _timed(run)


def _outbox(folder: Path, rows: list[NewRecord]) -> float:
    outbox = Outbox(folder / "outbox", agent="bench", clock=Clock(), group_s=0.0)
    facts: list[tuple[Fact, ...]] = [decode_pack(row.body).facts for row in rows]
    for some in facts:
        outbox.put({"reading": some})
    outbox.stop()
    cost = _timed(outbox.run)
    held = outbox.unreceipted("reading", after=(0, 0), limit=PACKS)
    kept = sum(isinstance(fact, Reading) for pack in held for fact in decode_facts(pack.facts))
    outbox.close()
    if kept != FACTS:
        raise RuntimeError(f"the outbox kept {kept} of {FACTS} facts: the bench would measure something easier")
    return cost


def _timed(work: Callable[[], object]) -> float:
    """Return the µs that ``work`` takes for each fact."""
    gc.collect()
    began = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - began) / 1000 / FACTS
