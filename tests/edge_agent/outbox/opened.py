"""Outboxes for tests: opened, with their writer's thread, and closed again."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.wire import Event, Fact, Lane, LaneReceipt, Lost, Reading, Receipt, decode_facts
from edge_agent.outbox import Bounds, Outbox, StoredPack

AGENT = "hz/xiacheng/chaoming/chaoming-01"
SMALL = Bounds(reserve_bytes=64_000)
FIRST = (0, 0)
WAIT_S = 30.0  # long enough for a loaded machine; nothing here is about speed


class HandClock(Clock):
    """A clock whose wall time is set by hand."""

    def __init__(self, wall_us: int = 1_763_600_000_000_000) -> None:
        super().__init__()
        self.now_us = wall_us

    def wall_us(self) -> int:
        """Return what was set."""
        return self.now_us


@contextlib.contextmanager
def opened(
    folder: Path, *, clock: Clock | None = None, bounds: Bounds = SMALL, group_s: float = 0.002
) -> Iterator[Outbox]:
    """Run an outbox with its thread; readings wait less for company than in the field, for the tests' sake."""
    outbox = Outbox(folder, agent=AGENT, clock=clock or Clock(), bounds=bounds, group_s=group_s)
    thread = threading.Thread(target=outbox.run, name="outbox")
    thread.start()
    try:
        yield outbox
    finally:
        outbox.stop()
        thread.join()
        outbox.close()


def put(outbox: Outbox, lane: Lane, *facts: Fact, states: dict[str, bytes] | None = None) -> None:
    """Put facts and return when they are committed."""
    committed = threading.Event()
    outbox.put({lane: facts}, states=states, then=committed.set)
    assert committed.wait(WAIT_S)


def flush(outbox: Outbox) -> None:
    """Return when all that was put or forgotten before is committed."""
    committed = threading.Event()
    outbox.put({}, states={"flush": b"{}"}, then=committed.set)
    assert committed.wait(WAIT_S)


def until(outbox: Outbox, holds: Callable[[], bool]) -> None:
    """Return once ``holds()``, which is asked after every commit."""
    deadline_s = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline_s, "not reached"
        flush(outbox)


def held(outbox: Outbox, lane: Lane) -> list[StoredPack]:
    """Return every pack of a lane."""
    return outbox.unreceipted(lane, after=FIRST, limit=1_000_000)


def facts_of(packs: list[StoredPack]) -> list[Fact]:
    """Return the facts in packs."""
    return [fact for pack in packs for fact in decode_facts(pack.facts)]


def lost(outbox: Outbox) -> list[Lost]:
    """Return the declared losses."""
    return [fact for fact in facts_of(held(outbox, "event")) if isinstance(fact, Lost)]


def receipt(epoch: int, **lanes: int) -> Receipt:
    """Return a receipt up to a seq for each lane."""
    return Receipt("xiacheng", epoch, {lane: LaneReceipt(to) for lane, to in lanes.items()}, 0)  # type: ignore[misc]


def event(n: int = 0, *, size: int = 0) -> Event:
    """Return an event that knows its number, padded by ``size`` bytes."""
    return Event("lift-07", 1_763_600_000_000_000 + n, "lift.stuck_occupied", "life", {"n": n, **_pads(size)})


def reading(n: int = 0, *, size: int = 0) -> Reading:
    """Return a reading that knows its number, padded by ``size`` bytes."""
    return Reading("lift-07", 1_763_600_000_000_000 + n, {"n": n, **_pads(size)})


def lonely(n: int = 0, *, size: int = 0) -> Reading:
    """Return a reading that has a minute for itself: there is nothing to thin."""
    return Reading("lift-07", 1_763_600_000_000_000 + n * 60_000_000, {"n": n, **_pads(size)})


def _pads(size: int) -> dict[str, str]:
    return {f"pad{at}": "x" * 500 for at in range(size // 500)}
