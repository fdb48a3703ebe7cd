"""A receipt that the hub owes is missed."""

from simulators.observers.packs import PackKey
from simulators.run.receipted import unreceipted

FIRST, SECOND = PackKey("hz/a/b/agent-01", 7, "event", 1), PackKey("hz/a/b/agent-01", 7, "event", 2)


def test_what_no_receipt_covers_is_named() -> None:
    """Neither another lane's, nor another agent's, nor one of an earlier epoch; a later epoch's covers all before."""
    lane = (FIRST.agent, "event")
    assert unreceipted([FIRST, SECOND], {lane: (7, 2)}) == []
    assert unreceipted([FIRST, SECOND], {lane: (7, 1)}) == [SECOND]
    assert unreceipted([FIRST, SECOND], {lane: (8, 0)}) == []
    assert unreceipted([FIRST, SECOND], {lane: (6, 9)}) == [FIRST, SECOND]
    assert unreceipted([FIRST], {(FIRST.agent, "reading"): (7, 9), ("hz/a/b/other", "event"): (7, 9)}) == [FIRST]
