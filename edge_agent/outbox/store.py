"""What the outbox's file holds: packs by (epoch, lane, seq), the epoch, the next numbers and the judges' states."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec

from device_profiles import durable
from device_profiles.wire import LANES, Lane, Lost, PackRange
from edge_agent.errors import OutboxError
from edge_agent.outbox.file import OutboxFile, lock

_SELECT = """SELECT epoch, lane, seq, packs.created_us, count, facts, coalesce(ranges, '[]')
FROM packs LEFT JOIN stand_ins USING (lane, epoch, seq)"""
_ROW = "epoch, seq, bytes, count, packs.created_us"  # of a PackRow
_STAND_IN = "epoch, seq, bytes, 0, packs.created_us"  # its facts count as thinned already
_ranges = msgspec.json.Decoder(tuple[PackRange, ...])


class StoredPack(msgspec.Struct, frozen=True):
    """One pack as the outbox keeps it."""

    epoch: int
    lane: Lane
    seq: int
    created_us: int
    count: int  # facts
    facts: bytes  # JSON array
    stands_for: tuple[PackRange, ...] = ()  # packs of the lane that were thinned into this one


class PackRow(msgspec.Struct, frozen=True):
    """What there is to know of a pack without its facts."""

    epoch: int
    seq: int
    bytes: int
    count: int  # facts that are lost with it: none when it stands for others
    created_us: int


class Run(msgspec.Struct, frozen=True):
    """Neighbouring packs of one (epoch, lane) that were removed."""

    epoch: int
    lane: Lane
    first: int
    last: int
    facts: int
    bytes: int = 0
    created_us: int = 0  # of the last


class Removed(msgspec.Struct, frozen=True):
    """How much a DELETE freed."""

    packs: int
    bytes: int


class Store:
    """All SQL of the outbox. One thread writes; reads use a connection of their own."""

    def __init__(self, folder: Path, *, agent: str, now_s: int) -> None:
        """Open or make the file and begin a new epoch. Raises OutboxError, or sqlite3.Error when the disk is full."""
        self._file = OutboxFile(folder)
        with contextlib.ExitStack() as stack, self._file.noting():
            stack.callback(os.close, lock(folder))
            self._writer = stack.enter_context(contextlib.closing(self._file.open(now_s=now_s)))
            self.boot = secrets.token_hex(4)
            self.epoch = self._begin_epoch(agent, now_s)
            self._reader = stack.enter_context(contextlib.closing(durable.connect(self._file.path)))
            self._closing = stack.pop_all()  # a start that failed half-way has closed what it opened

    def close(self) -> None:
        """Close the file and give the folder free."""
        self._closing.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it."""
        with self._file.noting(), durable.transaction(self._writer):
            yield

    def checkpoint(self) -> None:
        """Move the WAL into the file, so that its room is used again from its start. Raises sqlite3.Error."""
        self._writer.execute("PRAGMA wal_checkpoint(RESTART)")

    def free_bytes(self) -> int:
        """Return the room inside the file, which needs no disk."""
        pages = self._writer.execute("PRAGMA freelist_count").fetchone()[0]
        return int(pages) * int(self._writer.execute("PRAGMA page_size").fetchone()[0])

    def next_seqs(self) -> dict[tuple[int, Lane], int]:
        """Return (epoch, lane) → the next number, for every epoch of which packs may be held."""
        return {(epoch, lane): next_ for epoch, lane, next_ in self._writer.execute("SELECT * FROM seqs")}

    def number(self, lane: Lane) -> int:
        """Return the next seq of a lane in this epoch, and count it as given away."""
        row = self._writer.execute(
            "INSERT INTO seqs VALUES(?, ?, 2) ON CONFLICT DO UPDATE SET next = next + 1 RETURNING next - 1",
            (self.epoch, lane),
        ).fetchone()
        return int(row[0])

    def insert(
        self, lane: Lane, facts: bytes, count: int, *, created_us: int, stands_for: tuple[PackRange, ...] = ()
    ) -> int:
        """Keep a pack; return its seq."""
        seq = self.number(lane)
        self._writer.execute(
            "INSERT INTO packs VALUES(?, ?, ?, ?, ?, ?, ?)",
            (self.epoch, lane, seq, created_us, len(facts), count, facts),
        )
        if stands_for:
            ranges = msgspec.json.encode(stands_for).decode()
            self._writer.execute(
                "INSERT INTO stand_ins VALUES(?, ?, ?, ?, ?)", (lane, self.epoch, seq, created_us, ranges)
            )
        return seq

    def declare(self, lost: Lost, seq: int) -> None:
        """Remember that the event pack ``seq`` of this epoch, or one before it, says what is lost."""
        self._writer.execute(
            "INSERT INTO losses VALUES(?, ?, ?, ?, ?, ?)",
            (lost.lane, lost.epoch, lost.first, lost.last, self.epoch, seq),
        )

    def forget(self, epoch: int, lane: Lane, to: int) -> Removed:
        """Remove what is receipted."""
        if lane == "event":
            self._writer.execute("DELETE FROM losses WHERE told_in = ? AND told_by <= ?", (epoch, to))
        where, key = "WHERE lane = ? AND epoch = ? AND seq <= ?", (lane, epoch, to)
        found = self._writer.execute(f"SELECT count(*), coalesce(sum(bytes), 0) FROM packs {where}", key).fetchone()
        if found[0]:
            for table in ("packs", "stand_ins"):
                self._writer.execute(f"DELETE FROM {table} {where}", key)
        return Removed(*found)

    def oldest(self, lane: Lane, limit: int, *, after: tuple[int, int] = (0, 0)) -> list[PackRow]:
        """Return the oldest packs of a lane behind (epoch, seq) that stand for no others."""
        rows = self._writer.execute(
            f"SELECT {_ROW} FROM packs WHERE lane = ? AND (epoch, seq) > (?, ?) AND NOT EXISTS (SELECT 1 FROM stand_ins"
            " WHERE (lane, epoch, seq) = (packs.lane, packs.epoch, packs.seq)) ORDER BY epoch, seq LIMIT ?",
            (lane, *after, limit),
        )
        return [PackRow(*row) for row in rows]

    def oldest_stand_ins(self, lane: Lane, limit: int) -> list[PackRow]:
        """Return the packs of a lane that stand for the oldest others."""
        rows = self._writer.execute(
            f"SELECT {_STAND_IN} FROM stand_ins JOIN packs USING (lane, epoch, seq) WHERE lane = ?"
            " ORDER BY stand_ins.created_us, epoch, seq LIMIT ?",
            (lane, limit),
        )
        return [PackRow(*row) for row in rows]

    def facts(self, run: Run) -> list[bytes]:
        """Return the facts of a run of packs, each pack's as a JSON array. For the writing thread."""
        rows = self._writer.execute(
            "SELECT facts FROM packs WHERE lane = ? AND epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq",
            (run.lane, run.epoch, run.first, run.last),
        )
        return [row[0] for row in rows]

    def remove(self, run: Run) -> None:
        """Remove a run of packs."""
        for table in ("packs", "stand_ins"):
            self._writer.execute(
                f"DELETE FROM {table} WHERE lane = ? AND epoch = ? AND seq BETWEEN ? AND ?",
                (run.lane, run.epoch, run.first, run.last),
            )

    def shift(self, step_us: int) -> None:
        """Move the times at which packs of this epoch were kept: the clock was set."""
        for table in ("packs", "stand_ins"):
            self._writer.execute(
                f"UPDATE {table} SET created_us = created_us + ? WHERE epoch = ?", (step_us, self.epoch)
            )

    def save_state(self, device: str, state: bytes) -> None:
        """Keep a judge's state."""
        self._writer.execute("INSERT OR REPLACE INTO states VALUES(?, ?)", (device, state))

    def states(self) -> dict[str, bytes]:
        """Return device → its judge's state."""
        return dict(self._writer.execute("SELECT device, state FROM states"))

    def sizes(self) -> dict[Lane, Removed]:
        """Return how much of each lane is held; a scan, so only at the start."""
        found = {lane: Removed(0, 0) for lane in LANES}
        with self._file.noting():
            for lane, packs, size in self._writer.execute("SELECT lane, count(*), sum(bytes) FROM packs GROUP BY lane"):
                found[lane] = Removed(packs, size)
        return found

    def unreceipted(self, lane: Lane, after: tuple[int, int], limit: int) -> list[StoredPack]:
        """Return packs of a lane behind (epoch, seq), oldest first. For the reading thread."""
        return self._select("WHERE lane = ? AND (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?", lane, *after, limit)

    def span(self, epoch: int, lane: Lane, first: int, last: int, *, limit: int) -> list[StoredPack]:
        """Return the packs held between two seqs. For the reading thread."""
        where = "WHERE lane = ? AND epoch = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        return self._select(where, lane, epoch, first, last, limit)

    def declared(self, epoch: int, lane: Lane, first: int, last: int) -> list[tuple[int, int]]:
        """Return what is declared lost between two seqs and not receipted as lost yet. For the reading thread."""
        with self._file.noting():
            return self._reader.execute(
                "SELECT first, last FROM losses WHERE lane = ? AND epoch = ? AND first <= ? AND last >= ?",
                (lane, epoch, last, first),
            ).fetchall()

    def _select(self, where: str, *parameters: object) -> list[StoredPack]:
        with self._file.noting():
            rows = self._reader.execute(f"{_SELECT} {where}", parameters)
            return [_stored(*row) for row in rows]

    def _begin_epoch(self, agent: str, now_s: int) -> int:
        meta = dict(self._writer.execute("SELECT key, value FROM meta"))
        if meta.get("agent", agent) != agent:
            whose = f"{self._file.path} belongs to {meta['agent']}, not to {agent}"
            raise OutboxError(f"{whose}: give each agent its own data")
        epoch = max(int(meta.get("epoch", 0)) + 1, now_s)
        with self.transaction():
            self._set_meta("agent", agent)
            self._set_meta("epoch", str(epoch))
            self._set_meta("boot", self.boot)
            self._writer.execute(
                "DELETE FROM seqs WHERE NOT EXISTS"
                " (SELECT 1 FROM packs WHERE packs.epoch = seqs.epoch AND packs.lane = seqs.lane)"
            )
        return epoch

    def _set_meta(self, key: str, value: str) -> None:
        self._writer.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))


def _stored(epoch: int, lane: Lane, seq: int, created_us: int, count: int, facts: bytes, ranges: str) -> StoredPack:
    return StoredPack(epoch, lane, seq, created_us, count, facts, _ranges.decode(ranges))
