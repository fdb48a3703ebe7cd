"""How far the readers are: their places in the journal, the age of what they have not taken in, and the archive."""

import sqlalchemy as sa

from device_profiles.config import duration_us
from hub.archive.refusals import now_us
from hub.archive.stores import open_archive
from hub.config import Settings
from hub.data import opened_journal, peeked, read_database
from hub.database import cursors as cursor_table
from hub.doctor import Finding, Level, Patient
from hub.journal.journal import Journal

LAG_WARN_US = 10_000_000  # an alarm that is so late is no alarm
LAG_FAIL_US = 60_000_000
ARCHIVE_WARN_US = 300_000_000
READERS = ("alarms", "ledger", "twins")
_PAGE = 5_000
_DAY_US = 86_400_000_000


def cursors(patient: Patient) -> Finding:
    """Whether every reader's place lies in this journal."""
    places, settings = places_of(patient.settings), patient.settings
    with opened_journal(settings.journal) as journal:
        first, last = journal.unbroken_from(), journal.last_offset()
    ahead = [name for name, place in places.items() if place > last]
    if ahead:
        says = f"{', '.join(ahead)} stand beyond the journal's end {last}: this is not the journal that they read"
        return Finding(Level.FAIL, says, "hub restore, or start the hub: it goes on behind them")
    cut = [name for name, place in places.items() if place + 1 < first]
    if cut:
        return Finding(Level.FAIL, f"{', '.join(cut)} miss records before {first}, which were cut", "hub restore")
    return Finding(Level.OK, f"{', '.join(f'{name} {place}' for name, place in places.items())} of {last}")


def lag(patient: Patient) -> Finding:
    """Whether alarms, ledger and twins are near the journal's end."""
    city_us = patient.clock.wall_us()
    with opened_journal(patient.settings.journal) as journal:
        ages = {name: _age_us(journal, place, city_us) for name, place in places_of(patient.settings).items()}
    name, age_us = max(ages.items(), key=lambda item: item[1])
    if not patient.runs:
        return Finding(Level.OK, "no hub runs; what is unread is read when it starts")
    if age_us > LAG_WARN_US:
        level = Level.FAIL if age_us > LAG_FAIL_US else Level.WARN
        return Finding(level, f"{name} is {age_us / 1e6:.0f} s behind", "look for what keeps this machine busy")
    return Finding(Level.OK, "readers are at the journal's end")


def archived(patient: Patient) -> Finding:
    """Whether the archive answers, and how old the oldest fact is that it lacks."""
    settings = patient.settings
    place = _archive_place(settings)
    with opened_journal(settings.journal) as journal:
        oldest_us, first = _oldest_fact_us(journal, place), journal.unbroken_from()
        thinned = journal.thinned().upto
    if place + 1 < first:
        return Finding(Level.FAIL, f"records {place + 1} to {first - 1} were cut before they were archived", "")
    if oldest_us is None:
        return _all_archived(settings)
    age_us = patient.clock.wall_us() - oldest_us
    says = f"the oldest fact that is not archived came {age_us / 1e6:.0f} s ago"
    if age_us > duration_us(settings.config.journal.keep) / 2:
        return Finding(Level.FAIL, f"{says}: the journal will cut it", "repair the archive's database")
    if place < thinned:
        says = f"of readings up to record {thinned} the archive gets least, greatest and last of a minute"
        return Finding(Level.WARN, says, "repair the archive's database; a greater journal.max_bytes thins later")
    if age_us > ARCHIVE_WARN_US:
        return Finding(Level.WARN, says, "hub archive status; is its process running?")
    return Finding(Level.OK, says)


def _all_archived(settings: Settings) -> Finding:
    """Return the finding when nothing waits: what the database refused of late is in quarantine and not archived."""
    refused = _refused(settings, since_us=now_us() - _DAY_US)
    if not refused:
        return Finding(Level.OK, "every fact is archived")
    says = f"nothing waits, but {refused} points of the last day are in quarantine: the database refused them"
    return Finding(Level.WARN, says, "hub quarantine list --points")


def places_of(settings: Settings) -> dict[str, int]:
    """Return reader → its place, 0 for one that has none. Raises NoData."""
    with read_database(settings.database) as connection:
        rows = connection.execute(sa.select(cursor_table)).all()
    stored = {row.reader: row.offset for row in rows}
    return {name: int(stored.get(name, 0)) for name in READERS}


def _age_us(journal: Journal, place: int, now_us: int) -> int:
    unread = journal.read(place, 1)
    return max(0, now_us - unread[0].received_us) if unread else 0


def _archive_place(settings: Settings) -> int:
    if settings.config.archive.kind == "embedded":
        return _embedded_place(settings)
    archive = open_archive(settings)
    try:
        return archive.offset()
    finally:
        archive.close()


def _embedded_place(settings: Settings) -> int:
    if not settings.archive.is_file():
        return 0
    # only to read: opening it as an archive would set a damaged file aside
    with peeked(settings.archive) as connection:
        row = connection.execute("SELECT offset FROM place").fetchone()
    return int(row[0]) if row else 0


def _refused(settings: Settings, *, since_us: int) -> int:
    if not settings.refusals.is_file():
        return 0
    with peeked(settings.refusals) as connection:
        query = "SELECT count(*) FROM refused_points WHERE refused_us > ?"
        return int(connection.execute(query, (since_us,)).fetchone()[0])


def _oldest_fact_us(journal: Journal, place: int) -> int | None:
    """Return when the first pack of facts behind ``place`` came, None when there is none."""
    while records := journal.read(place, _PAGE):
        for record in records:
            if record.kind == "pack" and record.lane in ("reading", "backlog", "event"):
                return record.received_us
        place = records[-1].offset
    return None
