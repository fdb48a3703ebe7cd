"""A gap is closed by packs, or by one word: what was let go before the hub had it is not called receipted."""

from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.wire import LaneReceipt, Receipt
from edge_agent.outbox import Bounds, Outbox
from edge_agent.wanted import Wanted
from tests.edge_agent.outbox.opened import event, flush, held, lonely, lost, opened, put, reading, receipt

BOUNDS = Bounds(max_bytes=60_000, reserve_bytes=64_000)


def wants(outbox: Outbox, first: int, last: int) -> list[int]:
    """Let the hub want packs of the backlog; return which are sent."""
    word = Receipt("hub", outbox.epoch, {"backlog": LaneReceipt(0, ((first, last),))}, 0)
    packs = Wanted(outbox, clock=Clock()).answer(word)
    flush(outbox)
    return [pack.seq for pack in packs]


def test_what_was_thinned_or_let_go_is_not_called_receipted(tmp_path: Path) -> None:
    """The hub may want it before the word of its loss arrives."""
    with opened(tmp_path, bounds=BOUNDS) as outbox:
        for start in range(0, 2_000, 20):
            put(outbox, "backlog", *(reading(n) for n in range(start, start + 20)))
        for start in range(0, 1_000, 20):
            put(outbox, "backlog", *(lonely(n) for n in range(start, start + 20)))
        assert {marker.reason for marker in lost(outbox)} == {"thinned", "evicted"}
        here = [pack.seq for pack in held(outbox, "backlog")]
        made = outbox.made()[outbox.epoch]["backlog"]
        assert wants(outbox, 1, made) == here[:200]
        assert outbox.forgotten == 0
        assert {marker.reason for marker in lost(outbox)} == {"thinned", "evicted"}


def test_what_the_hub_knew_to_be_lost_is_told_again_to_a_hub_that_forgot_it(tmp_path: Path) -> None:
    """It lives on an old backup: nobody knows better than receipted any more, and the gap must close."""
    with opened(tmp_path, bounds=BOUNDS) as outbox:
        for n in range(100):
            put(outbox, "backlog", lonely(n, size=2_000))
        last = lost(outbox)[-1].last
        put(outbox, "event", event())
        outbox.forget(receipt(outbox.epoch, event=outbox.made()[outbox.epoch]["event"]))
        flush(outbox)
        assert not held(outbox, "event")
        assert wants(outbox, 1, last) == []
        assert [(one.first, one.last, one.reason) for one in lost(outbox)] == [(1, last, "receipted")]
        assert outbox.forgotten == 1
        wants(outbox, 1, last)
        assert len(lost(outbox)) == 1, "once is enough until the hub has it"
        assert outbox.forgotten == 1
