"""How the outbox is opened when the disk is full: at the cost of the reserve."""

import contextlib
import sqlite3
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.durable import is_disk_full
from edge_agent.errors import OutboxError
from edge_agent.outbox.room import Room
from edge_agent.outbox.store import Store


def open_store(folder: Path, *, agent: str, clock: Clock, room: Room) -> Store:
    """Return the store in ``folder``. Raises OutboxError."""
    for _ in range(2):
        with contextlib.suppress(_Full):
            return _try(folder, agent=agent, now_s=clock.wall_us() // 1_000_000)
        room.full(now_s=clock.real_s())
    raise OutboxError(f"{folder}: the disk is full, the outbox cannot be opened")


class _Full(OutboxError):
    """The disk is full."""


def _try(folder: Path, *, agent: str, now_s: int) -> Store:
    try:
        return Store(folder, agent=agent, now_s=now_s)
    except (sqlite3.OperationalError, OSError) as error:
        if is_disk_full(error):
            raise _Full(str(error)) from error
        raise
