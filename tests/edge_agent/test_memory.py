"""The agent's memory does not grow with what it may not send: that is on the disk."""

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.outbox import Outbox
from tests.edge_agent.outbox.opened import event, flush, opened, put, reading
from tests.edge_agent.sending import sending
from tests.edge_agent.silent_broker import SilentBroker
from tests.servers import free_port


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """Return an open outbox."""
    with opened(tmp_path / "data") as outbox:
        yield outbox


def test_invariant_06_memory_does_not_grow_while_the_broker_is_away(tmp_path: Path, outbox: Outbox) -> None:
    """Megabytes more on the disk, a small part of it in memory."""
    with sending(tmp_path, outbox, f"mqtt://127.0.0.1:{free_port()}"):
        _put(outbox, 4_000)
        tracemalloc.start()
        try:
            gc.collect()
            before, size = tracemalloc.get_traced_memory()[0], outbox.size()
            _put(outbox, 40_000)
            gc.collect()
            grown, kept = tracemalloc.get_traced_memory()[0] - before, outbox.size() - size
        finally:
            tracemalloc.stop()
    assert kept > 2_500_000
    assert grown < kept / 10


def _put(outbox: Outbox, count: int) -> None:
    for start in range(0, count, 200):
        outbox.put({"backlog": [reading(n) for n in range(start, start + 199)], "event": [event(start)]})
        flush(outbox)


def test_invariant_06_a_line_that_acks_nothing_and_hangs_up_fills_no_memory(
    tmp_path: Path, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the client library keeps over its reconnects has a bound, for it would keep every copy."""
    monkeypatch.setattr("device_profiles.link.MAX_UNACKED", 250)
    for n in range(120):  # a pack each
        put(outbox, "event", event(n))
    with SilentBroker() as broker, sending(tmp_path, outbox, broker.url) as uplink:
        rounds = 4
        broker.wait(rounds)
        while uplink.link.unacked < 100:  # it hangs up early on an agent that has to wait for its processor
            rounds += 1
            broker.wait(rounds)
        assert uplink.link.unacked <= 250
