"""An outbox as an agent that was long without a broker leaves it, written straight into its file."""

from collections.abc import Sequence
from pathlib import Path

from device_profiles.wire import Fact, Lane, encode_facts
from edge_agent.outbox.store import Store

AGENT = "hz/xiacheng/chaoming/chaoming-01"


def fill(folder: Path, packs: Sequence[tuple[Lane, Sequence[Fact]]], *, made_us: int, agent: str = AGENT) -> int:
    """Write ``packs`` into the outbox in ``folder``, made in a session that began at ``made_us``; return its epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder, agent=agent, now_s=made_us // 1_000_000)
    try:
        with store.transaction():
            for lane, facts in packs:
                store.insert(lane, encode_facts(list(facts)), len(facts), created_us=facts[-1].t_us)
        return store.epoch
    finally:
        store.close()
