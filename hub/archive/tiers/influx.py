"""The tiers in InfluxDB: a row for each minute and each hour of a device, in measurements of those names."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any

from hub.archive import EVENT_PREFIX, Query
from hub.archive.influx.bisect import bisect
from hub.archive.influx.line_protocol import Field, line
from hub.archive.influx.rows import MEASUREMENT, PACK
from hub.archive.influx.server import InfluxPlace, InfluxServer, Series, identifier, literal
from hub.archive.influx.tables import LAST_US
from hub.archive.tiers import Bucket, Extent, Tier

logger = logging.getLogger(__name__)

_UNKNOWN, _NUMBER, _TEXT = range(3)  # what the last word was; a column that was written once is never taken away
_STATEMENTS = 50  # in one request


class InfluxTiers:
    """Buckets in the database of an InfluxArchive. What the server refuses for good is logged and left out."""

    def __init__(self, place: InfluxPlace) -> None:
        self._server = InfluxServer(place)

    def close(self) -> None:
        """Close the connection."""
        self._server.close()

    def put(self, tier: Tier, buckets: list[Bucket]) -> None:
        """Write a line for each device and time."""
        ordered = sorted(buckets, key=lambda bucket: (bucket.subject, bucket.t_us))
        rows = groupby(ordered, key=lambda bucket: (bucket.subject, bucket.t_us))
        lines = [_line(tier, subject, t_us, row) for (subject, t_us), row in rows]
        for refused, words in bisect(lines, self._write, lambda _: ()):
            logger.error("a %s is refused: %s: %s", tier, refused[:200], words)

    def buckets(self, tier: Tier, query: Query) -> list[Bucket]:
        """Return buckets in the order of subject, field and time."""
        text = f'SELECT * FROM "{tier}" WHERE {_where(query.subject, query.from_us, query.to_us)} GROUP BY area, device'
        found = [
            bucket for series in self._ask(text) for bucket in _buckets(series) if query.field in ("", bucket.field)
        ]
        return sorted(found, key=lambda bucket: (bucket.subject, bucket.field, bucket.t_us))[: query.limit]

    def forget(self, tier: Tier, subject: str, *, from_us: int, to_us: int) -> None:
        """Delete rows; InfluxDB deletes no single values, so the rows with an event stay when points go."""
        kept = self._events(subject, from_us, to_us) if tier is Tier.RAW else []
        source = MEASUREMENT if tier in (Tier.RAW, Tier.EVENTS) else tier
        gaps = [(low + 1, high) for low, high in pairwise([from_us - 1, *kept, to_us]) if low + 1 < high]
        deletes = [f'DELETE FROM "{source}" WHERE {_where(subject, low, high)}' for low, high in gaps]
        for start in range(0, len(deletes), _STATEMENTS):
            self._server.query(deletes[start : start + _STATEMENTS])

    def extent(self, tier: Tier) -> Extent:
        """Return how much there is; a value whose type was changed by a greater word counts twice."""
        source = MEASUREMENT if tier in (Tier.RAW, Tier.EVENTS) else tier
        keys = self._columns(tier, source)
        if not keys:
            return Extent()
        counts = ", ".join(f"count({identifier(key)})" for key in keys)
        values = ", ".join(identifier(key) for key in keys)
        times = [self._ask(f'SELECT {values} FROM "{source}" ORDER BY time {way} LIMIT 1') for way in ("ASC", "DESC")]
        count = sum(sum(filter(None, series.values[0][1:])) for series in self._ask(f'SELECT {counts} FROM "{source}"'))
        oldest_us, newest_us = (answer[0].values[0][0] if answer else None for answer in times)
        return Extent(count, oldest_us, newest_us)

    def _columns(self, tier: Tier, source: str) -> list[str]:
        there = {row[0] for series in self._ask(f'SHOW FIELD KEYS FROM "{source}"') for row in series.values}
        if tier in (Tier.RAW, Tier.EVENTS):
            return sorted(key for key in there - set(PACK) if key.startswith(EVENT_PREFIX) is (tier is Tier.EVENTS))
        return sorted(key for key in there if key.endswith("/count"))

    def _events(self, subject: str, from_us: int, to_us: int) -> list[int]:
        keys = [identifier(key) for key in self._columns(Tier.EVENTS, MEASUREMENT)]
        if not keys:
            return []
        answer = self._ask(f'SELECT {", ".join(keys)} FROM "{MEASUREMENT}" WHERE {_where(subject, from_us, to_us)}')
        return [row[0] for series in answer for row in series.values]

    def _ask(self, statement: str) -> list[Series]:
        return self._server.query([statement])[0]

    def _write(self, lines: Sequence[str]) -> None:
        self._server.write("\n".join(lines).encode())


def _line(tier: Tier, subject: str, t_us: int, row: Iterable[Bucket]) -> str:
    area, _, device = subject.rpartition("/")
    fields = [(f"{bucket.field}/{part}", value) for bucket in row for part, value in _parts(bucket)]
    return line(tier, (("area", area), ("device", device)), fields, t_us)


def _parts(bucket: Bucket) -> Iterator[tuple[str, Field]]:
    yield from (("count", bucket.count), ("numbers", bucket.numbers), ("last_us", bucket.last_us))
    if bucket.low is not None and bucket.high is not None and bucket.mean is not None:
        yield from (("min", bucket.low), ("max", bucket.high), ("mean", bucket.mean))
    if bucket.last is None:
        yield "said", _UNKNOWN
    elif isinstance(bucket.last, str):
        yield from (("said", _TEXT), ("text", _escaped(bucket.last)))
    else:
        yield from (("said", _NUMBER), ("last", bucket.last))


def _buckets(series: Series) -> Iterator[Bucket]:
    subject = f"{series.tags['area']}/{series.tags['device']}"
    for values in series.values:
        columns = dict(zip(series.columns, values, strict=True))
        fields = [key.removesuffix("/count") for key in columns if key.endswith("/count") and columns[key] is not None]
        for field in fields:
            yield _bucket(subject, field, columns)


def _bucket(subject: str, field: str, columns: dict[str, Any]) -> Bucket:
    said, numbers = columns[f"{field}/said"], columns[f"{field}/numbers"]
    low, high, mean = (float(columns[f"{field}/{part}"]) if numbers else None for part in ("min", "max", "mean"))
    last: float | str | None = None
    if said == _TEXT:
        last = _unescaped(columns[f"{field}/text"])
    elif said == _NUMBER:
        last = float(columns[f"{field}/last"])
    count, last_us = columns[f"{field}/count"], columns[f"{field}/last_us"]
    return Bucket(subject, field, columns["time"], count, numbers, low, high, mean, last, last_us)


def _where(subject: str, low: int, high: int) -> str:
    times = f"time >= {min(low, LAST_US)}u AND time < {min(high, LAST_US)}u"
    area, _, device = subject.rpartition("/")
    return f"area = {literal(area)} AND device = {literal(device)} AND {times}" if subject else times


def _escaped(text: str) -> str:
    """Return ``text`` without a line feed, which InfluxDB 1 does not give back; rare, so few texts look different."""
    return text.replace("%", "%25").replace("\n", "%0A")


def _unescaped(text: str) -> str:
    return text.replace("%0A", "\n").replace("%25", "%")
