"""The checks, in the order in which their findings help; each says what a hub needs and what to do."""

import platform
import shutil
import sqlite3
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from device_profiles.config import size_bytes
from hub.data import opened_journal, peeked, read_database
from hub.database import SCHEMA as DATABASE_SCHEMA
from hub.doctor import Check, Finding, Level, Patient
from hub.doctor.broker import broker
from hub.doctor.places import archived, cursors, lag
from hub.doctor.sites import positions
from hub.doctor.times import clock
from hub.evidence.fetcher import key_file
from hub.evidence.table import WantedState, counts, oldest_wanted_us
from hub.evidence.wanted import offering
from hub.journal.file import SCHEMA as JOURNAL_SCHEMA
from hub.journal.records import reserve_path
from hub.life import is_locked
from hub.quarantine.asides import State, read_asides

_DAY_US = 86_400_000_000
_WAITS_US = 300_000_000


def folder(patient: Patient) -> Finding:
    """Whether a hub runs on the data folder, and an archive's process beside it when it is to run apart."""
    settings = patient.settings
    if not settings.journal.is_file():
        return Finding(Level.FAIL, f"{settings.data} has no journal: no hub has ever run here", "hub run")
    if not patient.runs:
        return Finding(Level.FAIL, f"no hub runs on {settings.data}: nobody raises alarms", "hub run")
    if settings.config.archive.apart and not is_locked(settings, "archive"):
        return Finding(
            Level.FAIL, "the archive is to run apart, and its process does not run", "hub run --only archive"
        )
    return Finding(Level.OK, f"a hub runs on {settings.data}")


def versions(patient: Patient) -> Finding:
    """Whether the files are of this program's schemas."""
    settings = patient.settings
    for path, known in ((settings.journal, JOURNAL_SCHEMA), (settings.database, DATABASE_SCHEMA)):
        found = _schema(path) if path.is_file() else known
        if found not in (0, known):
            says = f"{path} has schema {found}, this program knows {known}"
            return Finding(Level.FAIL, says, "run the version that wrote it")
    parts = {"citynerve": version("citynerve"), "Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    return Finding(Level.OK, ", ".join(f"{name} {number}" for name, number in parts.items()))


def disk(patient: Patient) -> Finding:
    """Whether alarms and acts have their reserve, and the journal room to its bound."""
    bounds, data = patient.settings.config.journal, patient.settings.data
    free, reserve = shutil.disk_usage(data).free, size_bytes(bounds.reserve_bytes)
    says = f"{free / 1e9:.1f} GB free in {data}"
    if patient.runs and not reserve_path(patient.settings.journal).exists():
        return Finding(Level.FAIL, f"{says}; the reserve is given up, readings wait at the edge", "free some disk")
    if free < 2 * reserve:
        return Finding(Level.FAIL, f"{says}, less than twice the reserve of {bounds.reserve_bytes}", "free some disk")
    with opened_journal(patient.settings.journal) as journal:
        growth = max(0, size_bytes(bounds.max_bytes) - journal.used_bytes())
    if free < growth:
        wants = f"the journal may still grow by {growth / 1e9:.1f} GB"
        return Finding(Level.WARN, f"{says}; {wants}", "free some disk, or lower journal.max_bytes")
    return Finding(Level.OK, says)


def quarantine(patient: Patient) -> Finding:
    """Whether messages were set aside in the last day that nobody has looked after."""
    now_us = patient.clock.wall_us()
    with opened_journal(patient.settings.journal) as journal:
        found = [aside for aside in read_asides(journal).values() if aside.received_us > now_us - _DAY_US]
    waiting = Counter(aside.reason for aside in found if aside.state in (State.KEPT, State.EMPTIED))
    if not waiting:
        return Finding(Level.OK, "nothing was set aside in the last day")
    words = ", ".join(f"{number} {reason}" for reason, number in waiting.most_common(3))
    return Finding(Level.WARN, f"{waiting.total()} messages set aside in the last day: {words}", "hub quarantine list")


def evidence(patient: Patient) -> Finding:
    """Whether what life alarms name is here, and is what it is said to be."""
    settings, day_us = patient.settings, patient.clock.wall_us() - _DAY_US
    with read_database(settings.database) as connection:
        found, oldest_us = counts(connection, since_us=day_us), oldest_wanted_us(connection)
        offered = offering(connection)
    failed = Counter({reason: count for (state, reason), count in found.items() if state == WantedState.FAILED})
    if failed:
        words = ", ".join(f"{count} {reason}" for reason, count in failed.most_common())
        return Finding(
            Level.WARN, f"evidence of life alarms of the last day was given up: {words}", "hub audit evidence"
        )
    if oldest_us is not None and patient.clock.wall_us() - oldest_us > _WAITS_US:
        reasons = sorted({reason for (state, reason), _ in found.items() if state == WantedState.WANTED and reason})
        says = f"evidence of a life alarm has waited for more than 5 minutes: {', '.join(reasons) or 'no agent asked'}"
        return Finding(Level.WARN, says, "hub evidence list")
    keys = settings.folder / settings.config.evidence.keys
    keyless = [agent for agent in offered if not key_file(keys, agent).is_file()]
    if keyless:
        return Finding(Level.WARN, f"no key for the evidence of {', '.join(keyless[:3])}", "hub evidence key AGENT")
    return Finding(
        Level.OK, f"{sum(found.values())} pieces of evidence of the last day's life alarms are here or on their way"
    )


def _schema(path: Path) -> int:
    with peeked(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


CHECKS: dict[str, Check] = {
    "folder": folder,
    "versions": versions,
    "broker": broker,
    "disk": disk,
    "clock": clock,
    "cursors": cursors,
    "lag": lag,
    "archive": archived,
    "quarantine": quarantine,
    "evidence": evidence,
    "positions": positions,
}
