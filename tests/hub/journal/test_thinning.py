"""At its bound the journal thins readings, then drops them, then cuts; events never before readings, all counted."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.thinning import MINUTE_US
from device_profiles.wire import ClockStep, Fact, Heartbeat, Pack, Reading, decode_pack
from hub.journal.journal import Journal, NewRecord
from hub.journal.records import Record
from hub.journal.retention import keep_bound
from hub.journal.thinned import GivenUp, Thinned
from hub.journal.thinning import SHARE, Thinning
from tests.hub.made import T0_US, event, pack, reading, record, tick, unwritten
from tests.hub.rests import Rests

MAX_BYTES = 1_000_000
START_US = T0_US - T0_US % MINUTE_US


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Yield an empty journal with a bound."""
    made = Journal.open(tmp_path / "journal.db", max_bytes=MAX_BYTES, reserve_bytes=0)
    yield made
    made.close()


def wave(second: float) -> Reading:
    """Return a reading with two numbers and a text."""
    t_us = START_US + round(second * 1e6)
    return Reading("lift-07", t_us, {"load": 100 * math.sin(second / 7), "n": round(second), "mode": "auto"})


def row(seq: int, *facts: Fact, second: float, lane: str = "reading") -> NewRecord:
    """Return a pack received at a second."""
    made = pack(*facts, seq=seq, lane=lane)  # type: ignore[arg-type]
    return unwritten(record(0, made, at_s=second))


def filled(journal: Journal, *, seconds: int, per_second: int = 2) -> list[Record]:
    """Write seconds of readings, with an event and a result each minute, and return what was written."""
    rows = []
    for n in range(seconds * per_second):
        second = n / per_second
        rows.append(row(n + 1, wave(second), second=second, lane="backlog" if n % 5 == 0 else "reading"))
        if n % (60 * per_second) == 0:
            rows.append(row(n // per_second + 1, event("lift.stuck_occupied"), second=second, lane="event"))
            rows.append(unwritten(tick(0, at_s=second)))
    return journal.append(rows)


def packs_of(journal: Journal, *lanes: str) -> list[Pack]:
    """Return the packs that the journal has of some lanes."""
    records = journal.read(0, 100_000)
    return [decode_pack(one.body) for one in records if one.kind == "pack" and one.lane in lanes]


def minutes(packs: list[Pack]) -> dict[tuple[str, int], list[float]]:
    """Return value and minute → the numbers that were read."""
    found: dict[tuple[str, int], list[float]] = {}
    for fact in (fact for one in packs for fact in one.facts):
        assert isinstance(fact, Reading)
        for name, value in fact.values.items():
            if isinstance(value, int | float):
                found.setdefault((name, fact.t_us // MINUTE_US), []).append(value)
    return found


def facts_lost(journal: Journal, reason: GivenUp) -> int:
    """Return how many facts were given up for a reason."""
    return sum(loss.facts for loss in journal.losses() if loss.reason is reason)


def test_invariant_06_readings_are_thinned_to_their_extremes_and_nothing_else_goes(journal: Journal) -> None:
    """Each minute keeps least, greatest and last of each value; events and ticks stay; what goes is counted."""
    written = filled(journal, seconds=1_800)
    whole = minutes(packs_of(journal, "reading", "backlog"))
    assert Thinning(journal).thin(written[-1].offset) > 1_000
    upto = journal.thinned().upto
    thinned = [one for one in packs_of(journal, "reading", "backlog") if one.stands_for]
    left = minutes(packs_of(journal, "reading", "backlog"))
    assert left.keys() == whole.keys()
    for key, numbers in whole.items():
        assert (min(left[key]), max(left[key])) == (min(numbers), max(numbers))
    assert thinned, "what was thinned says so"
    assert all(one.stands_for == ((one.epoch, one.seq, one.seq),) for one in thinned)
    others = [one.offset for one in written if one.lane not in ("reading", "backlog")]
    kept = {one.offset: one for one in journal.read(0, 100_000)}
    assert all(kept[offset].body == written[offset - 1].body for offset in others)
    assert all(kept[one.offset].body == one.body for one in written if one.offset > upto), "what follows is whole"
    assert facts_lost(journal, GivenUp.THINNED) == len(written) - len(kept) > 500
    assert journal.whole_from() == upto + 1
    assert journal.read(0, 10)[0].offset == journal.first_offset()


def test_thinning_frees_the_file_and_stops_at_the_mark(journal: Journal) -> None:
    """What fits is not touched: the newest can still be replayed."""
    written = filled(journal, seconds=3_000)
    before = journal.used_bytes()
    assert before > 0.9 * MAX_BYTES
    keep_bound(journal, Thinning(journal), vital=lambda: written[-1].offset)
    assert journal.used_bytes() <= 0.9 * MAX_BYTES
    assert journal.thinned().upto < written[-1].offset
    assert facts_lost(journal, GivenUp.DROPPED) == facts_lost(journal, GivenUp.CUT) == 0


def test_never_past_a_reader(journal: Journal) -> None:
    """What alarms, ledger or twins have not taken in stays whole, whatever the bound."""
    written = filled(journal, seconds=3_600)
    keep_bound(journal, Thinning(journal), vital=lambda: 3_000)
    assert journal.thinned().upto <= 3_000
    kept = {one.offset: one.body for one in journal.read(0, 100_000)}
    assert all(kept[one.offset] == one.body for one in written if one.offset > 3_000)


def test_invariant_06_events_never_go_before_readings(journal: Journal) -> None:
    """Thinned, then dropped, oldest first; only when no reading is left the oldest events are cut: each is counted."""
    written = filled(journal, seconds=600)
    events = len(packs_of(journal, "event"))
    thinning, upto = Thinning(journal), written[-1].offset
    while packs_of(journal, "reading", "backlog"):
        assert thinning.step(upto)
        assert len(packs_of(journal, "event")) == events
    readings = 1_200
    assert facts_lost(journal, GivenUp.THINNED) + facts_lost(journal, GivenUp.DROPPED) == readings
    assert facts_lost(journal, GivenUp.CUT) == 0
    assert journal.thinned() == Thinned(upto, upto, 0)
    assert thinning.step(upto)
    assert packs_of(journal, "event") == []
    assert facts_lost(journal, GivenUp.CUT) == events
    assert thinning.step(upto) == 0
    (loss,) = [loss for loss in journal.losses() if loss.reason is GivenUp.CUT]
    assert (loss.agent, loss.packs, loss.first_us) == ("hz/xiacheng/chaoming/a-1", events, written[0].received_us)


def test_what_is_thinned_may_take_half_and_then_goes(tmp_path: Path) -> None:
    """Else the part that can be replayed would shrink to nothing."""
    journal = Journal.open(tmp_path / "journal.db", max_bytes=150_000, reserve_bytes=0)
    filled(journal, seconds=1_800, per_second=1)
    thinning = Thinning(journal)
    thinning.thin(700)
    thinning.thin(1_400)
    journal.max_bytes = round(journal.thinned().left / SHARE) - 1
    assert journal.used_bytes() > journal.max_bytes
    left = journal.thinned().left
    thinning.step(1_400)
    assert journal.thinned().dropped
    assert journal.thinned().left < left
    journal.close()


def test_a_cut_by_age_is_taken_off_what_is_left(journal: Journal) -> None:
    """What is left of thinned readings is exact, whoever deletes it."""
    written = filled(journal, seconds=1_800)
    Thinning(journal).thin(written[-1].offset)
    upto = journal.thinned().upto
    journal.cut(upto // 2)
    rest = [one for one in journal.read(0, 100_000) if one.offset <= upto and one.lane in ("reading", "backlog")]
    assert journal.thinned().left == sum(len(one.body) + 80 for one in rest) > 0
    journal.cut(upto + 1)
    assert journal.thinned().left == 0


def test_it_rests_between_steps_until_there_is_no_time(journal: Journal) -> None:
    """An alarm must not meet all of the work on its way; at the bound readings wait for it."""
    rests = Rests()
    written = filled(journal, seconds=900)
    thinning = Thinning(journal, stopping=rests, rest=1.0)
    journal.max_bytes = journal.used_bytes() * 2
    thinning.thin(written[-1].offset, short=True)
    assert len(rests.waited) == 5, "ten minutes in steps of 500: after each that is rewritten, between those looked at"
    journal.max_bytes = 1
    thinning.drop(written[-1].offset)
    assert len(rests.waited) == 5
    assert all(0 < waited < 5 for waited in rests.waited)


def test_a_clock_step_stays_and_a_heartbeat_goes(journal: Journal) -> None:
    """The step explains the times after it; what a heartbeat calls unchanged has gaps now."""
    facts: list[Fact] = [wave(1), ClockStep(START_US, 5), Heartbeat(START_US, {"lift-07": START_US})]
    journal.append([row(1, *facts, second=1), row(2, wave(2), second=2), row(3, wave(3), second=3)])
    Thinning(journal).thin(3, short=True)
    first = decode_pack(journal.read(0, 1)[0].body)
    assert [type(fact) for fact in first.facts] == [Reading, ClockStep]


def test_a_short_span_is_thinned_only_when_nothing_else_is_left(journal: Journal) -> None:
    """Of a few seconds as much would stay as there was."""
    written = filled(journal, seconds=300)
    thinning, upto = Thinning(journal), written[-1].offset
    assert thinning.thin(upto) == 0
    assert thinning.thin(upto, short=True) == len(written)
    assert journal.thinned().upto == upto


def test_a_pack_that_cannot_be_read_stays_until_readings_are_dropped(journal: Journal) -> None:
    """Another version may have written it."""
    journal.append([NewRecord(T0_US, "pack", b"{}", "hz/x/y/a-1", 7, "reading", 1), row(2, reading(n=1), second=2)])
    thinning = Thinning(journal)
    thinning.thin(2, short=True)
    assert journal.read(0, 1)[0].body == b"{}"
    thinning.drop(2)
    assert journal.read(0, 10) == []
    assert [(loss.packs, loss.facts) for loss in journal.losses()] == [(1, 0), (1, 1)]
