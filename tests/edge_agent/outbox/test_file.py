"""The outbox's file: one agent's alone, and set aside when it is damaged."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from device_profiles import durable
from device_profiles.clock import Clock
from edge_agent.errors import OutboxError
from edge_agent.outbox import Outbox
from tests.edge_agent.outbox.opened import (
    AGENT,
    SMALL,
    event,
    held,
    opened,
    put,
)


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    """An agent that cannot start is worse than one that lost its backlog; what is damaged is kept for people."""
    (tmp_path / "outbox.db").write_bytes(b"this is no database" * 100)
    with opened(tmp_path) as outbox:
        put(outbox, "event", event())
        assert len(held(outbox, "event")) == 1
    assert len(list(tmp_path.glob("outbox.db.broken-*"))) == 1


@pytest.mark.parametrize("end", [3, 40])
def test_a_file_that_is_torn_in_the_middle_is_set_aside(tmp_path: Path, end: int) -> None:
    """Found when it is opened, or only later: then the next start begins anew, and none fails for ever."""
    with opened(tmp_path) as outbox:
        put(outbox, "event", *(event(n) for n in range(400)))
        for n in range(30):
            put(outbox, "event", *(event(n) for n in range(50)))
    pages = tmp_path / "outbox.db"
    with pages.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xee" * 4096 * end)
    with opened(tmp_path) as outbox:
        put(outbox, "event", event())
        assert len(held(outbox, "event")) == 1
    assert len(list(tmp_path.glob("outbox.db.broken-*"))) == 1


def test_damage_that_shows_late_is_remembered(tmp_path: Path) -> None:
    """A read that meets it leaves word, so that the next start does not stumble over it again."""
    with opened(tmp_path) as outbox:
        put(outbox, "event", *(event(n) for n in range(400)))
        with (
            (tmp_path / "outbox.db").open("r+b") as file,
            contextlib.closing(durable.connect(tmp_path / "outbox.db")) as other,
        ):
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            file.truncate(8192)
        with pytest.raises(sqlite3.DatabaseError):
            outbox.unreceipted("event", after=(0, 0), limit=100)
    with opened(tmp_path) as outbox:
        put(outbox, "event", event())
        assert len(held(outbox, "event")) == 1


def test_two_agents_never_share_an_outbox(tmp_path: Path) -> None:
    """Neither at once nor one after the other."""
    with opened(tmp_path), pytest.raises(OutboxError, match="another agent runs on"):
        Outbox(tmp_path, agent=AGENT, clock=Clock(), bounds=SMALL)
    with pytest.raises(OutboxError, match="belongs to hz/xiacheng/chaoming/chaoming-01"):
        Outbox(tmp_path, agent="hz/xiacheng/chaoming/other", clock=Clock(), bounds=SMALL)
