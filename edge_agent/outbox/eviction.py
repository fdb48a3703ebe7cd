"""What goes when the outbox is full or old: what was thinned, then backlog, then readings; events, results never."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from device_profiles.wire import Lane
from edge_agent.lanes import EVICTION_ORDER
from edge_agent.outbox.store import PackRow, Run, Store

STEP = 500  # packs looked at in one go

_Look = Callable[[Lane, int], list[PackRow]]


class Evicted(msgspec.Struct, frozen=True):
    """What was removed of one lane."""

    lane: Lane
    packs: int
    bytes: int
    runs: tuple[Run, ...]  # to be declared lost


def evict_bytes(store: Store, *, excess: int) -> list[Evicted]:
    """Remove the oldest packs until ``excess`` bytes are free or nothing is left that may go."""
    evicted: list[Evicted] = []
    for lane, look in _in_order(store):
        while excess > 0 and (taken := _until(look(lane, STEP), excess)):
            evicted.append(remove(store, lane, taken))
            excess -= evicted[-1].bytes
    return evicted


def evict_aged(store: Store, *, before_us: int) -> list[Evicted]:
    """Remove packs made before ``before_us``."""
    evicted: list[Evicted] = []
    for lane, look in _in_order(store):
        while taken := [row for row in look(lane, STEP) if row.created_us < before_us]:
            evicted.append(remove(store, lane, taken))
            if len(taken) < STEP:
                break
    return evicted


def runs_of(lane: Lane, rows: Iterable[PackRow]) -> list[Run]:
    """Return the runs of neighbouring packs in ``rows``, which are in order."""
    runs: list[Run] = []
    for row in rows:
        last = runs[-1] if runs else None
        if last is not None and (last.epoch, last.last) == (row.epoch, row.seq - 1):
            runs[-1] = Run(row.epoch, lane, last.first, row.seq, last.facts + row.count)
        else:
            runs.append(Run(row.epoch, lane, row.seq, row.seq, row.count))
    return runs


def remove(store: Store, lane: Lane, rows: list[PackRow]) -> Evicted:
    """Remove packs of a lane."""
    runs = runs_of(lane, rows)
    for run in runs:
        store.remove(run)
    return Evicted(lane, len(rows), sum(row.bytes for row in rows), tuple(runs))


def _in_order(store: Store) -> Iterator[tuple[Lane, _Look]]:
    """Yield where to look for what may go, the first first: what stands for others is older than what is whole."""
    yield from ((lane, store.oldest_stand_ins) for lane in EVICTION_ORDER)
    yield from ((lane, store.oldest) for lane in EVICTION_ORDER)


def _until(rows: Iterable[PackRow], excess: int) -> list[PackRow]:
    taken: list[PackRow] = []
    for row in rows:
        if excess <= 0:
            break
        taken.append(row)
        excess -= row.bytes
    return taken
