"""Fold the journal again, in a fresh process, and compare what follows with what was stored, byte for byte."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import sqlalchemy as sa

from hub.alarms.engine import fold
from hub.alarms.kept import store
from hub.alarms.kept.log import read_bodies
from hub.alarms.kept.reader import NAME
from hub.alarms.state import State
from hub.alarms.transitions import encode_transition
from hub.database import open_database, read_cursor, reading
from hub.errors import HubError, NoData
from hub.journal.journal import Journal
from hub.journal.records import is_whole

_BATCH = 500  # records in memory at a time
_ZONES = ("Pacific/Apia", "America/St_Johns")  # 13 h before and 3.5 h behind UTC
_SEEDS = ("4242", "1729")
_CHARACTERS = 2_000  # of a transition that is shown

Body = tuple[int, int, bytes]  # offset, n, canonical JSON


class Difference(msgspec.Struct, frozen=True):
    """The first transition that is not the same."""

    offset: int
    n: int
    stored: str  # "" when there is none
    replayed: str


class Replay(msgspec.Struct, frozen=True):
    """What a replay has found."""

    first: int  # offset of the first record that was folded
    last: int  # and of the last: where the alarm reader stood
    records: int = 0
    stored: int = 0  # transitions
    replayed: int = 0
    difference: Difference | None = None
    error: str = ""

    @property
    def same(self) -> bool:
        """Whether every transition came out as it is stored."""
        return self.difference is None and not self.error


def replay_apart(journal: Path, database: Path, *, start: int | None = None) -> Replay:
    """Replay in a process with another time zone and another hash seed. Raises NoData when that process fails."""
    for path in (journal, database):
        if not path.is_file():
            raise NoData(f"{path} is not there: has this hub ever run?")
    command = [sys.executable, "-m", "hub.alarms.asked.replay", str(journal), str(database), str(start if start else 0)]
    run = subprocess.run(command, env=_other_environment(), capture_output=True, check=False)
    if run.returncode not in (0, 1) or not run.stdout:
        said = run.stderr.decode(errors="replace").strip().splitlines() or ["nothing said"]
        raise NoData(f"the replay ended with {run.returncode}: {said[-1]}")
    return msgspec.json.decode(run.stdout, type=Replay)


def replay(journal: Journal, engine: sa.Engine, *, start: int | None = None) -> Replay:
    """Replay from the last snapshot at or before ``start``, by default from the oldest one that the journal reaches."""
    with reading(engine).connect() as connection:
        last = read_cursor(connection, NAME)
        begun = _begin(connection, journal, start)
    if begun is None:
        return Replay(0, last, error="the journal was cut or thinned and there is no snapshot from which it leads on")
    offset, state = begun
    found = Replay(offset + 1, last)
    while offset < last and found.same:
        records = [record for record in journal.read(offset, _BATCH) if record.offset <= last]
        if not records or not is_whole(offset, records):
            return msgspec.structs.replace(found, error=f"records are missing after {offset}")
        made = [(t.offset, t.n, encode_transition(t)) for record in records for t in fold(state, record)]
        state.forget_dirty()
        state.take_refused()
        stored = _stored(engine, offset, records[-1].offset)
        found = msgspec.structs.replace(
            found,
            records=found.records + len(records),
            stored=found.stored + len(stored),
            replayed=found.replayed + len(made),
            difference=_difference(stored, made),
        )
        offset = records[-1].offset
    return found


def state_before(journal: Journal, engine: sa.Engine, offset: int) -> State:
    """Return the engine's state just before record ``offset``. Raises NoData when the journal does not reach so far."""
    with reading(engine).connect() as connection:
        begun = _begin(connection, journal, max(0, offset - 1))
    if begun is None or begun[0] >= offset:
        raise NoData(f"the journal was cut or thinned: nothing leads up to record {offset}")
    at, state = begun
    while at < offset - 1:
        records = [record for record in journal.read(at, _BATCH) if record.offset < offset]
        if not records:
            break
        for record in records:
            fold(state, record)
        state.forget_dirty()
        at = records[-1].offset
    return state


def _other_environment() -> dict[str, str]:
    zone = next(zone for zone in _ZONES if zone != os.environ.get("TZ"))
    seed = next(seed for seed in _SEEDS if seed != os.environ.get("PYTHONHASHSEED"))
    return os.environ | {"TZ": zone, "PYTHONHASHSEED": seed}


def _begin(connection: sa.Connection, journal: Journal, start: int | None) -> tuple[int, State] | None:
    """Return the state to begin with and the offset it stands at."""
    bases = [base for base in (0, *store.snapshot_offsets(connection)) if _leads_on(journal, base)]
    if start is not None:
        bases = [base for base in bases if base <= start][-1:] or bases
    return store.load_snapshot(connection, bases[0]) if bases else None


def _leads_on(journal: Journal, base: int) -> bool:
    """Return whether nothing is cut or thinned behind ``base``; text records stay where the others were cut."""
    if base < journal.thinned().upto:
        return False
    first = journal.first_offset()
    kept = [record for record in journal.read(base, _BATCH) if record.offset <= first]
    return base >= first or (is_whole(base, kept) and (kept[-1].offset if kept else base) >= first - 1)


def _stored(engine: sa.Engine, after: int, upto: int) -> list[Body]:
    with reading(engine).connect() as connection:
        return read_bodies(connection, after=after, upto=upto)


def _difference(stored: list[Body], made: list[Body]) -> Difference | None:
    """Return the first place at which the two lists are not the same."""
    theirs, ours = ({(offset, n): body for offset, n, body in bodies} for bodies in (stored, made))
    for place in sorted(theirs.keys() | ours.keys()):
        if theirs.get(place) != ours.get(place):
            return Difference(*place, _shown(theirs.get(place)), _shown(ours.get(place)))
    return None


def _shown(body: bytes | None) -> str:
    return body.decode()[:_CHARACTERS] if body is not None else ""


def main(journal_path: str, database_path: str, start: str) -> int:
    """Run as a process: print what was found, as JSON, and return the exit code."""
    with contextlib.ExitStack() as stack:
        journal = Journal.open(Path(journal_path), reserve_bytes=0)
        stack.callback(journal.close)
        engine = open_database(Path(database_path))
        stack.callback(engine.dispose)
        found = replay(journal, engine, start=int(start) or None)
    sys.stdout.buffer.write(msgspec.json.encode(found))
    return 0 if found.same else 1


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (HubError, sqlite3.Error, sa.exc.DBAPIError) as error:
        sys.exit(" ".join(": ".join([*getattr(error, "__notes__", ()), str(error)]).split()))
