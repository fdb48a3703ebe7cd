"""How the outbox is opened whatever happened: on a full disk at the cost of the reserve, anew when it is damaged."""

import sqlite3
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.durable import is_damaged, is_disk_full
from edge_agent.errors import OutboxError
from edge_agent.outbox.room import Room
from edge_agent.outbox.store import Store


def open_store(folder: Path, *, agent: str, clock: Clock, room: Room) -> Store:
    """Return the store in ``folder``. Raises OutboxError."""
    for _ in range(3):  # it may be damaged and the disk full
        try:
            return _try(folder, agent=agent, now_s=clock.wall_us() // 1_000_000)
        except (sqlite3.DatabaseError, OSError) as error:
            if is_disk_full(error):
                room.full(now_s=clock.real_s())
            elif not is_damaged(error):
                raise
    raise OutboxError(f"{folder}: the disk is full, the outbox cannot be opened")


def _try(folder: Path, *, agent: str, now_s: int) -> Store:
    store = Store(folder, agent=agent, now_s=now_s)
    try:
        store.sizes()  # reads every pack: damage shows now, and the next try sets the file aside
    except sqlite3.DatabaseError:
        store.close()
        raise
    return store
