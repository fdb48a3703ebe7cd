"""Receipts say what a model says, for any order of packs with loss, doubles and restarts of the hub."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.wire import Lost, decode_receipt, encode
from hub.database import open_database
from hub.intake.receipts import GAP_AGE_S, MAX_WANT, PERIOD_S, Receipts
from hub.ledger.ledger import LaneKey, Ledger
from hub.ledger.store import catch_up, load, save
from tests.hub.intake.rig import new_journal, take
from tests.hub.rig import ADDRESS, EPOCH, lost, pack

AGENT = str(ADDRESS)
READING = LaneKey(AGENT, EPOCH, "reading")


STEPS = st.lists(
    st.one_of(
        st.integers(1, 30),  # a pack comes, maybe again
        st.tuples(st.integers(1, 30), st.integers(0, 5)),  # packs are declared lost
        st.sampled_from(["restart", "store"]),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_receipt_equals_model(steps: list[int | tuple[int, int] | str]) -> None:
    """``to`` is the gapless prefix of what came or is lost, ``want`` what is missing below the highest."""
    came, gone, doubled, events = set[int](), set[int](), 0, 0
    with new_journal() as (journal, folder):
        engine = open_database(folder / "hub.db")
        ledger = load(engine)
        stored = 0
        for step in steps:
            if isinstance(step, int):
                doubled += step in came
                came.add(step)
                take(ledger, journal, pack(step))
            elif isinstance(step, tuple):
                events += 1
                gone |= set(range(step[0], step[0] + step[1] + 1))
                take(ledger, journal, pack(events, "event", lost("reading", step[0], step[0] + step[1])))
            elif step == "store" and ledger.cursor > stored:
                states = {key: msgspec.json.encode(ledger.lanes[key].stored()) for key in ledger.dirty}
                save(engine, states, old=stored, new=ledger.cursor)
                ledger.dirty.clear()
                stored = ledger.cursor
            elif step == "restart":
                ledger = load(engine)
                catch_up(ledger, journal)
        engine.dispose()
    receipts = Receipts(ledger, hub="hub-1")
    receipts.recheck(100.0)
    lanes = receipts.receipt(AGENT, EPOCH, now_s=100.0 + 2 * GAP_AGE_S, t_us=1).lanes
    known = came | gone
    missing = set(range(1, max(known, default=0))) - known
    assert ("reading" in lanes) is bool(known)
    if known:
        assert lanes["reading"].to == min(missing, default=max(known) + 1) - 1
        assert {n for first, last in lanes["reading"].want for n in range(first, last + 1)} == missing
        state = ledger.lanes[READING]
        assert (state.packs, state.doubled, state.received.count) == (len(came), doubled, len(came))
        assert sum(state.lost.values()) - state.recovered == len(gone - came)


def test_a_young_gap_is_not_asked_for() -> None:
    """What may be reordering is left alone for a second, then asked for without another pack coming."""
    with new_journal() as (journal, _):
        ledger = Ledger()
        receipts = Receipts(ledger, hub="hub-1")
        take(ledger, journal, pack(1), pack(3))
        receipts.note(READING, urgent=False, now_s=10.0)
        (first,) = receipts.due(10.0, t_us=1)
        assert first[1].lanes["reading"].want == ()
        receipts.sent(AGENT, EPOCH, now_s=10.0)
        due_s = receipts.next_s()
        assert due_s is not None
        assert 10.0 + GAP_AGE_S <= due_s <= 10.3 + GAP_AGE_S
        (second,) = receipts.due(due_s, t_us=2)
        assert second[1].lanes["reading"].want == ((2, 2),)
        receipts.sent(AGENT, EPOCH, now_s=due_s)
        assert receipts.next_s() is None


def test_a_flow_does_not_keep_a_gap_young() -> None:
    """Packs that go on coming do not put off asking."""
    with new_journal() as (journal, _):
        ledger = Ledger()
        receipts = Receipts(ledger, hub="hub-1")
        for step in range(200):
            take(ledger, journal, pack(step + 2))
            receipts.note(READING, urgent=False, now_s=10.0 + step * 0.01)
        assert receipts.receipt(AGENT, EPOCH, now_s=11.99, t_us=1).lanes["reading"].want == ((1, 1),)


def test_telemetry_is_receipted_at_most_every_period_and_events_at_once() -> None:
    """Two readings in a row share a receipt; an event does not wait."""
    with new_journal() as (journal, _):
        ledger = Ledger()
        receipts = Receipts(ledger, hub="hub-1")
        take(ledger, journal, pack(1))
        receipts.note(READING, urgent=False, now_s=10.0)
        assert len(receipts.due(10.0, t_us=1)) == 1
        receipts.sent(AGENT, EPOCH, now_s=10.0)
        take(ledger, journal, pack(2))
        receipts.note(READING, urgent=False, now_s=10.05)
        assert receipts.due(10.05, t_us=1) == []
        assert receipts.next_s() == 10.0 + PERIOD_S
        take(ledger, journal, pack(1, "event", Lost(1, "backlog", EPOCH, 1, 1, "aged")))
        receipts.note(READING._replace(lane="event"), urgent=True, now_s=10.06)
        ((_, receipt),) = receipts.due(10.06, t_us=1)
        assert {lane: of.to for lane, of in receipt.lanes.items()} == {"event": 1, "reading": 2, "backlog": 1}
        assert decode_receipt(encode(receipt)) == receipt


def test_at_most_so_many_gaps_are_asked_for() -> None:
    """A lane full of holes is asked for piece by piece, oldest first."""
    with new_journal() as (journal, _):
        ledger = Ledger()
        receipts = Receipts(ledger, hub="hub-1")
        take(ledger, journal, *(pack(seq) for seq in range(2, 202, 2)))
        receipts.recheck(1.0)
        want = receipts.receipt(AGENT, EPOCH, now_s=5.0, t_us=1).lanes["reading"].want
        assert want == tuple((seq, seq) for seq in range(1, 2 * MAX_WANT, 2))
