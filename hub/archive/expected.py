"""What must be in the archive by the journal's word, point by point, in a file: a fortnight fits no memory."""

import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from hub.archive import EVENT_PREFIX, Point

_HOUR_US = 3_600_000_000
_RANK = "(excluded.epoch, excluded.seq, excluded.lane, excluded.agent) > (epoch, seq, lane, agent)"
_WINS = ", ".join(
    f"{name} = CASE WHEN {_RANK} THEN excluded.{name} ELSE {name} END"
    for name in ("refused", "digest", "epoch", "seq", "lane", "agent")
)
_SCHEMA = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;
CREATE TABLE points (
  subject INTEGER, t_us INTEGER, field INTEGER, settled INTEGER, fresh INTEGER, refused INTEGER, digest INTEGER,
  epoch INTEGER, seq INTEGER, lane TEXT, agent TEXT, event INTEGER, PRIMARY KEY (subject, t_us, field)
) WITHOUT ROWID;
"""
_ADD = f"""
INSERT INTO points VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (subject, t_us, field) DO UPDATE
SET settled = max(settled, excluded.settled), fresh = max(fresh, excluded.fresh), {_WINS}
"""
_HOURS = f"""
SELECT t_us / {_HOUR_US} * {_HOUR_US}, sum(settled AND NOT refused), count(*), sum(fresh OR refused), sum(digest),
  sum(event AND settled AND NOT refused), sum(event * digest)
FROM points WHERE subject = ? GROUP BY 1 ORDER BY 1
"""


Identity = tuple[str, str, int, int, int, str, str]  # subject, field, t_us, epoch, seq, lane, agent


class ExpectedHour(msgspec.Struct, frozen=True):
    """What the journal says of one device and hour."""

    hour_us: int
    must: int  # points that the archive has by its own place
    may: int  # with those that it may be writing now, and those of which it refused the last word
    doubtful: bool  # there are such points
    digest: int  # of the points, each with its value and pack; of no use when doubtful
    events: int = 0  # of ``must``: they are kept when the values of their hour are not any more
    events_digest: int = 0


class Expected:
    """The points, each once: the greater epoch and seq wins."""

    def __init__(self, path: Path) -> None:
        """Make ``path``, which holds nothing for longer than this object lives."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(_SCHEMA)
        self._connection.execute("BEGIN")  # without an end: nobody else reads it
        self._subjects: dict[str, int] = {}
        self._fields: dict[str, int] = {}
        self.added = 0  # settled points, those that gave way too

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(self, points: Iterable[Point], *, settled: bool, refused: Collection[Identity] = ()) -> None:
        """Take points in; ``settled``: the archive's place is behind them; ``refused``: what it did not take."""
        rows = [
            (
                self._subjects.setdefault(point.subject, len(self._subjects)), point.t_us,
                self._fields.setdefault(point.field, len(self._fields)),
                settled, not settled, identity_of(point) in refused, digest_of(point),
                point.epoch, point.seq, point.lane, point.agent, point.field.startswith(EVENT_PREFIX),
            )
            for point in points
        ]  # fmt: skip
        self._connection.executemany(_ADD, rows)
        self.added += len(rows) if settled else 0

    def subjects(self) -> list[str]:
        """Return the devices."""
        return sorted(self._subjects)

    def settled(self) -> int:
        """Return how many different points are settled."""
        return int(self._connection.execute("SELECT total(settled) FROM points").fetchone()[0])

    def hours(self, subject: str) -> Iterator[ExpectedHour]:
        """Yield the hours of a device."""
        number = self._subjects.get(subject, -1)
        for hour_us, must, may, doubtful, *rest in self._connection.execute(_HOURS, (number,)):
            yield ExpectedHour(hour_us, must, may, bool(doubtful), *rest)


def identity_of(point: Point) -> Identity:
    """Return what names a point, and the pack that said it."""
    return (point.subject, point.field, point.t_us, point.epoch, point.seq, point.lane, point.agent)


def digest_of(point: Point) -> int:
    """Return 40 bits of a point's identity, value and pack: the sums of an hour's stay below 64 bits."""
    # InfluxDB 1.6.7 is a last bit off when it tells a small power of two: a difference that small is none
    # and it says 0 without its sign: -0.0 + 0.0 is 0.0
    value = f"{point.value + 0.0:.15g}" if isinstance(point.value, float) else point.value
    said = (point.field, point.t_us, type(point.value).__name__, value, *point.rank, point.historical)
    return int.from_bytes(hashlib.blake2b(repr(said).encode(), digest_size=5).digest())
