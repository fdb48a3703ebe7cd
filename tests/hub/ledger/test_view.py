"""The ledger adds up, whatever comes in whatever order, and says which sessions can never be whole."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from device_profiles.wire import Lane, Lost, Pack, Status
from hub.intake.receipts import Receipts
from hub.journal.journal import Journal
from hub.ledger.epochs import fold_old
from hub.ledger.lane import ABANDONED
from hub.ledger.ledger import LaneKey, Ledger
from hub.ledger.view import LaneRow, table, view
from tests.hub.intake.rig import new_journal, take
from tests.hub.rig import ADDRESS, EPOCH, lost, pack

AGENT = str(ADDRESS)
NEXT = EPOCH + 10  # the session after


def birth(seq: int, *, epoch: int = EPOCH, **made: dict[int, dict[Lane, int]]) -> Pack:
    """Return a status by which the agent says what it has made, by epoch."""
    return pack(seq, "status", Status(1, epoch, online=True, made=made.get("made", {})), epoch=epoch)


def row(ledger: Ledger, lane: Lane = "reading", epoch: int = EPOCH) -> LaneRow:
    """Return a lane's row."""
    return next(row for row in view(ledger).lanes if (row.lane, row.epoch) == (lane, epoch))


def balanced(row: LaneRow) -> bool:
    """Return whether every pack that was made has one place."""
    lost = sum(row.lost.values()) - row.recovered
    return row.published == row.received + row.missing + row.outstanding + lost


NUMBERS = st.integers(1, 25)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pack"), NUMBERS, st.sampled_from([EPOCH, NEXT])),
        st.tuples(st.just("lost"), NUMBERS, st.integers(0, 6)),
        st.tuples(st.just("made"), NUMBERS, st.booleans()),
        st.tuples(st.just("fold"), NUMBERS, NUMBERS),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_every_lane_adds_up(steps: list[tuple[str, int, int]]) -> None:
    """Published is received, missing, outstanding and lost, whatever is said in whatever order."""
    with new_journal() as (journal, _):
        ledger = Ledger()
        for words, (step, number, other) in enumerate(steps, 1):
            if step == "pack":
                take(ledger, journal, pack(number, epoch=other))
            elif step == "lost":
                take(ledger, journal, pack(words, "event", lost("reading", number, number + other)))
            elif step == "made":
                made: dict[int, dict[Lane, int]] = {NEXT: {"reading": number}}
                take(ledger, journal, birth(words, epoch=NEXT, made=made | ({EPOCH: {"reading": 9}} if other else {})))
            else:
                fold_old(ledger, first_offset=journal.last_offset() + 1)
        found = view(ledger)
    assert all(balanced(row) for row in found.lanes)
    total = found.total
    assert total.published == total.received + total.missing + total.outstanding + total.lost


def test_an_abandoned_session_ends_as_lost(tmp_path: Path) -> None:
    """A birth that lists what the outbox holds, without that epoch: its gaps and its end can never come."""
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    ledger = Ledger()
    take(ledger, journal, birth(1, made={EPOCH: {"reading": 12, "status": 1}}), pack(1), pack(4), pack(9))
    assert (row(ledger).published, row(ledger).missing, row(ledger).outstanding) == (12, 6, 3)
    take(ledger, journal, birth(1, epoch=NEXT))
    assert row(ledger).lost == {}, "a status that says nothing of older epochs abandons none"
    take(ledger, journal, birth(2, epoch=NEXT, made={NEXT: {"status": 2}, EPOCH: {"reading": 12}}))
    assert row(ledger).lost == {}, "the outbox still holds it"
    take(ledger, journal, birth(3, epoch=NEXT, made={NEXT: {"status": 3}}))
    assert row(ledger).lost == {ABANDONED: 9}
    assert (row(ledger).missing, row(ledger).outstanding) == (0, 0)
    assert ledger.dirty >= {LaneKey(AGENT, EPOCH, "reading")}
    take(ledger, journal, pack(2))  # the broker had kept it
    assert (row(ledger).received, row(ledger).lost) == (4, {ABANDONED: 8})
    assert balanced(row(ledger))
    journal.close()


def test_no_receipt_covers_an_abandoned_session(tmp_path: Path) -> None:
    """A box that was exchanged for a day comes back with its disk: what it holds is still wanted, and arrives."""
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    ledger = Ledger()
    take(ledger, journal, birth(1, made={EPOCH: {"reading": 6}}), pack(1), pack(4))
    take(ledger, journal, birth(1, epoch=NEXT, made={NEXT: {}}))
    assert row(ledger).lost == {ABANDONED: 4}
    receipt = Receipts(ledger, hub="hub-1").receipt(AGENT, EPOCH, now_s=1.0, t_us=1)
    assert receipt.lanes["reading"].to == 1
    take(ledger, journal, birth(1, epoch=NEXT + 1, made={NEXT + 1: {}, EPOCH: {"reading": 6}}))
    assert (row(ledger).lost, row(ledger).missing, row(ledger).outstanding) == ({}, 2, 2)
    take(ledger, journal, *(pack(seq) for seq in (2, 3, 5, 6)))
    assert (row(ledger).received, row(ledger).published, row(ledger).to) == (6, 6, 6)
    journal.close()


def test_what_comes_behind_a_later_one_is_late(tmp_path: Path) -> None:
    """Reordered, or the filling of a gap."""
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    ledger = Ledger()
    take(ledger, journal, *(pack(seq) for seq in (1, 3, 2, 2, 7, 5)))
    assert (row(ledger).late, row(ledger).doubled, row(ledger).missing) == (2, 1, 2)
    journal.close()


def test_facts_are_counted_and_those_that_were_thinned(tmp_path: Path) -> None:
    """What is gone is counted by reason as declared, once, and what stands for it apart."""
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    ledger = Ledger()
    word = Lost(1, "reading", EPOCH, 1, 4, "thinned", 40, by=(EPOCH, 5, 5))
    take(ledger, journal, pack(1, "event", word), pack(2, "event", word))
    stand_in = Pack(1, ADDRESS.agent, EPOCH, "reading", 1, pack(1).facts, 5, "b00t", stands_for=((EPOCH, 1, 4),))
    take(ledger, journal, stand_in)
    found = row(ledger)
    assert (found.lost, found.lost_facts, found.facts, found.stand_ins) == ({"thinned": 4}, {"thinned": 40}, 1, 1)
    assert (found.published, found.received, found.missing) == (5, 1, 0)
    journal.close()


def test_a_view_of_one_agent_of_new_sessions_or_of_new_records() -> None:
    """Totals are of what is shown."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.open(Path(folder) / "journal.db", reserve_bytes=0)
        ledger = Ledger()
        take(ledger, journal, pack(1), pack(2), pack(1, epoch=NEXT))
        last = journal.last_offset()
        journal.close()
    for agent in (AGENT, ADDRESS.agent, ""):
        assert view(ledger, agent=agent).total.received == 3
    assert view(ledger, agent="chaoming-02").lanes == []
    assert [row.epoch for row in view(ledger, from_epoch=NEXT).lanes] == [NEXT]
    assert view(ledger, from_offset=last).total.received == 1
    assert table(view(ledger)).row_count == 3
