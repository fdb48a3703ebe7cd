"""A full outbox thins before it lets go, and every fact that is thinned is counted."""

import math
from pathlib import Path

from device_profiles.wire import Reading
from edge_agent.outbox import Bounds
from tests.device_profiles.minutes import minutes
from tests.edge_agent.outbox.opened import HandClock, event, facts_of, held, lost, opened, put


def wave(n: int) -> Reading:
    """Return a reading of each second."""
    return Reading("lift-07", 1_763_600_000_000_000 + n * 1_000_000, {"load": 100 * math.sin(n / 7), "n": n})


def test_invariant_06_a_full_outbox_thins_before_it_lets_go(tmp_path: Path) -> None:
    """Every event stays, every minute keeps its extremes, and what was thinned is declared with what stands for it."""
    bounds = Bounds(max_bytes=200_000, reserve_bytes=64_000)
    count = 6_000  # 0.6 MB
    with opened(tmp_path, bounds=bounds) as outbox:
        for start in range(0, count, 20):
            put(outbox, "backlog", *(wave(n) for n in range(start, start + 20)))
        put(outbox, "event", event())
        assert outbox.size() <= bounds.max_bytes
        assert (outbox.evicted, outbox.thinned > 0) == (0, True)
        packs, markers = held(outbox, "backlog"), lost(outbox)
        assert event() in facts_of(held(outbox, "event"))
    kept = [one for one in facts_of(packs) if isinstance(one, Reading)]
    whole, left = minutes([wave(n) for n in range(count)]), minutes(kept)
    assert whole.keys() == left.keys()
    for key, said in whole.items():
        numbers, rest = ([value for _, value in some if isinstance(value, float | int)] for some in (said, left[key]))
        assert (min(numbers), max(numbers)) == (min(rest), max(rest))
    assert {marker.reason for marker in markers} == {"thinned"}
    stand_ins = {(pack.epoch, pack.seq): pack for pack in packs if pack.stands_for}
    assert sum(marker.facts for marker in markers) == count - sum(pack.count for pack in packs if not pack.stands_for)
    for marker in markers:
        assert marker.by is not None
        epoch, first, last = marker.by
        for seq in range(first, last + 1):
            assert stand_ins[epoch, seq].stands_for == ((marker.epoch, marker.first, marker.last),)


def test_what_was_thinned_goes_before_what_is_whole_also_after_a_restart(tmp_path: Path) -> None:
    """It is the oldest, and is not thinned again; no number is left without a word."""
    bounds, clock = Bounds(max_bytes=200_000, reserve_bytes=64_000), HandClock()
    for half in range(2):
        with opened(tmp_path, bounds=bounds, clock=clock) as outbox:
            for start in range(half * 15_000, half * 15_000 + 15_000, 100):
                put(outbox, "backlog", *(wave(n) for n in range(start, start + 100)))
            packs, markers = held(outbox, "backlog"), lost(outbox)
            assert outbox.size() <= bounds.max_bytes
    assert {marker.reason for marker in markers} == {"thinned", "evicted"}
    gone = [(m.epoch, seq) for m in markers for seq in range(m.first, m.last + 1)]
    assert len(gone) == len(set(gone))
    for epoch in {epoch for epoch, _ in gone}:
        made = {seq for e, seq in gone if e == epoch} | {pack.seq for pack in packs if pack.epoch == epoch}
        assert made == set(range(1, max(made) + 1))
    assert wave(29_999) in facts_of(packs)
    whole = sum(pack.count for pack in packs if not pack.stands_for)
    assert whole + sum(marker.facts for marker in markers) == 30_000, "what was thinned is counted once, and as thinned"
    assert any(pack.stands_for for pack in packs)
    stood = sum(m.by[2] - m.by[1] + 1 for m in markers if m.by is not None)
    assert stood > sum(bool(pack.stands_for) for pack in packs), "some stand-ins went"


def test_a_pack_that_cannot_be_read_stops_no_thinning(tmp_path: Path) -> None:
    """A fact that an older version should not have kept costs the thinning of its run, and never the agent."""
    bounds = Bounds(max_bytes=200_000, reserve_bytes=64_000)
    with opened(tmp_path, bounds=bounds) as outbox:
        put(outbox, "backlog", Reading("lift-07", 1_763_600_000_000_000, {"n": 2**63}))
        for start in range(0, 6_000, 100):
            put(outbox, "backlog", *(wave(n) for n in range(start, start + 100)))
        put(outbox, "event", event())
        assert event() in facts_of(held(outbox, "event"))
        assert outbox.size() <= bounds.max_bytes
