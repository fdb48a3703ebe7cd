"""What goes when the outbox is full or old: backlog before readings, oldest first; events, results, status never."""

from collections.abc import Iterable

import msgspec

from device_profiles.wire import Lane
from edge_agent.lanes import EVICTION_ORDER
from edge_agent.outbox.store import Run, Store

STEP = 500  # packs looked at in one go


class Evicted(msgspec.Struct, frozen=True):
    """What was removed of one lane."""

    lane: Lane
    packs: int
    bytes: int
    runs: tuple[Run, ...]  # to be declared lost


def evict_bytes(store: Store, *, excess: int) -> list[Evicted]:
    """Remove the oldest packs until ``excess`` bytes are free or nothing is left that may go."""
    evicted: list[Evicted] = []
    for lane in EVICTION_ORDER:
        while excess > 0:
            rows = store.oldest(lane, STEP)
            taken = _until(rows, excess)
            if not taken:
                break
            evicted.append(_remove(store, lane, taken))
            excess -= evicted[-1].bytes
    return evicted


def evict_aged(store: Store, *, before_us: int) -> list[Evicted]:
    """Remove packs made before ``before_us``."""
    evicted: list[Evicted] = []
    for lane in EVICTION_ORDER:
        while True:
            rows = store.oldest(lane, STEP)
            taken = [row for row in rows if row[4] < before_us]
            if taken:
                evicted.append(_remove(store, lane, taken))
            if len(taken) < STEP:
                break
    return evicted


_Row = tuple[int, int, int, int, int]


def _until(rows: Iterable[_Row], excess: int) -> list[_Row]:
    taken: list[_Row] = []
    for row in rows:
        if excess <= 0:
            break
        taken.append(row)
        excess -= row[2]
    return taken


def _remove(store: Store, lane: Lane, rows: list[_Row]) -> Evicted:
    runs: list[Run] = []
    for epoch, seq, _size, count, _created_us in rows:
        if runs and runs[-1].epoch == epoch and runs[-1].last == seq - 1:
            last = runs.pop()
            runs.append(Run(epoch, lane, last.first, seq, last.facts + count))
        else:
            runs.append(Run(epoch, lane, seq, seq, count))
    for run in runs:
        store.remove(run)
    return Evicted(lane, len(rows), sum(row[2] for row in rows), tuple(runs))
