"""What makes a hub's files ill, and how one check finds it."""

import sqlite3
import time

from device_profiles.clock import Clock
from device_profiles.wire import ClockState, encode
from hub.config import Settings
from hub.doctor import Finding, Level, Patient, diagnose
from hub.doctor.checks import CHECKS
from hub.journal.journal import Journal
from hub.journal.records import NewRecord
from tests.hub.rig import ADDRESS, EPOCH, pack

S = 1_000_000


class KeptClock(Clock):
    """A clock that somebody keeps right, ``late_s`` behind this machine's."""

    def __init__(self, *, late_s: float = 0.0, source: str = "ntp") -> None:
        super().__init__()
        self._late_us = round(late_s * S)
        self._source = source

    def wall_us(self) -> int:
        """Return the time."""
        return super().wall_us() - self._late_us

    def state(self) -> ClockState:
        """Return who keeps it."""
        return ClockState(self._source)  # type: ignore[arg-type]


def write(settings: Settings, *, age_s: float) -> None:
    """Append a pack that came so long ago."""
    journal = Journal.open(settings.journal, reserve_bytes=0)
    row = NewRecord(
        time.time_ns() // 1000 - round(age_s * S), "pack", encode(pack(1)), str(ADDRESS), EPOCH, "reading", 1
    )
    journal.append([row])
    journal.close()


def move(settings: Settings, reader: str, offset: int) -> None:
    """Put a reader somewhere."""
    with sqlite3.connect(settings.database) as database:
        database.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (reader, offset))
    database.close()


def archive(settings: Settings, offset: int) -> None:
    """Put the embedded archive somewhere."""
    with sqlite3.connect(settings.archive) as database:
        database.execute("CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY, offset INTEGER)")
        database.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", (offset,))
    database.close()


def look(settings: Settings, check: str, *, clock: Clock | None = None) -> Finding:
    """Return the finding of one check."""
    (found,) = diagnose(Patient(settings, clock or KeptClock()), {check: CHECKS[check]})
    assert bool(found.do) or found.level is Level.OK or "cut before" in found.says
    return found
