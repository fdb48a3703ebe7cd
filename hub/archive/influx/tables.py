"""What is in an InfluxDB's rows, asked in InfluxQL: the one language that versions 1, 2 and 3 share."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from hub.archive import Point, Query
from hub.archive.influx.rows import (
    MEASUREMENT,
    OTHERS,
    PACK,
    SEQ,
    Instant,
    Row,
    dead_fields,
    field_of,
    keys_of,
    row_points,
)
from hub.archive.influx.server import InfluxServer, Series, identifier, literal

LAST_US = 9_223_372_036_854_775  # the last microsecond that InfluxDB knows, in 2262
_HOUR_US = 3_600_000_000
_PAGE = 5_000  # rows in one answer
_STATEMENTS = 50  # in one request
_GAP_US = 10_000_000  # instants closer than this are asked for together
_FROM = f'FROM "{MEASUREMENT}"'

Device = tuple[str, str]  # area, device


class InfluxTables:
    """Questions to one database. All raise StoreDown."""

    def __init__(self, server: InfluxServer) -> None:
        self._server = server

    def newest(self) -> dict[Device, int]:
        """Return the greatest time of each device."""
        (answer,) = self._ask([f"SELECT last({identifier(SEQ)}) {_FROM} GROUP BY area, device"])
        return {(series.tags["area"], series.tags["device"]): series.values[0][0] for series in answer}

    def rows(self, instants: Iterable[Instant]) -> dict[Instant, Row]:
        """Return the rows that there are of ``instants``."""
        wanted = set(instants)
        found: dict[Instant, Row] = {}
        spans = list(_spans(wanted))
        for start in range(0, len(spans), _STATEMENTS):
            some = spans[start : start + _STATEMENTS]
            statements = [f"SELECT * {_FROM} WHERE {_where(device, low, high + 1)}" for device, low, high in some]
            for (device, _, _), answer in zip(some, self._ask(statements), strict=True):
                for columns in _columns(answer):
                    instant = (*device, columns["time"])
                    if instant in wanted:
                        points = {point.field: point for point in row_points(*device, columns)}
                        found[instant] = Row(points, mixed=OTHERS in columns)
        return found

    def read(self, query: Query) -> list[Point]:
        """Return points in the order of subject, field and time."""
        points: list[Point] = []
        kinds = self._kinds(query.field) if query.field else []
        if query.field and not kinds:
            return []
        for device in self._devices(query):
            points += self._read_device(device, query, query.limit - len(points), kinds)
            if len(points) >= query.limit:
                break
        return points

    def count_by_hour(self, query: Query) -> dict[int, int]:
        """Return start of the hour → points in it; the query's limit is of no effect."""
        keys = [key for key, _ in self._kinds(query.field)]
        if not keys:
            return {}
        counts = ", ".join(f"count({identifier(key)})" for key in keys)
        where = _where(_device(query.subject), query.from_us, query.to_us)
        (answer,) = self._ask([f"SELECT {counts} {_FROM} WHERE {where} GROUP BY time(1h) fill(none)"])
        found = Counter({row[0]: sum(filter(None, row[1:])) for series in answer for row in series.values})
        for columns in self._mixed(query):
            dead = [field for field in dead_fields(columns) if query.field in ("", field)]
            found[columns["time"] // _HOUR_US * _HOUR_US] -= len(dead)
        return {hour: count for hour, count in sorted(found.items()) if count}

    def _read_device(self, device: Device, query: Query, limit: int, kinds: list[tuple[str, str]]) -> list[Point]:
        """Return the first points of a device; ``kinds`` are the columns of the query's field, none for any field."""
        select = ", ".join(identifier(key) for key in (*(key for key, _ in kinds), *PACK)) if kinds else "*"
        said = " OR ".join(_is_there(key, kind) for key, kind in kinds)
        points: list[Point] = []
        for columns in self._pages(select, device, query, said):
            points += [p for p in row_points(*device, columns) if query.field in ("", p.field)]
            if query.field and len(points) >= limit:
                break
            if len(points) > 4 * limit + _PAGE:  # the limit is by field, then time: only a bounded part is kept
                points = _first(points, limit)
        return _first(points, limit)

    def _pages(self, select: str, device: Device | None, query: Query, condition: str) -> Iterator[dict[str, Any]]:
        low = query.from_us
        while True:
            where = _where(device, low, query.to_us) + (f" AND ({condition})" if condition else "")
            (answer,) = self._ask([f"SELECT {select} {_FROM} WHERE {where} ORDER BY time LIMIT {_PAGE}"])
            rows = list(_columns(answer))
            yield from rows
            if len(rows) < _PAGE:
                return
            low = rows[-1]["time"] + 1

    def _mixed(self, query: Query) -> Iterator[dict[str, Any]]:
        for device in self._devices(query):
            yield from self._pages("*", device, query, f"{identifier(OTHERS)} != ''")

    def _devices(self, query: Query) -> list[Device]:
        device = _device(query.subject)
        return [device] if device else sorted(self.newest(), key=lambda known: f"{known[0]}/{known[1]}")

    def _kinds(self, field: str) -> list[tuple[str, str]]:
        """Return the names of the columns of a field, or of all, and the types that they are for."""
        (answer,) = self._ask([f"SHOW FIELD KEYS {_FROM}"])
        there = {row[0] for series in answer for row in series.values} - set(PACK)
        some = there.intersection(keys_of(field)) if field else there
        return [(key, field_of(key)[1]) for key in sorted(some)]

    def _ask(self, statements: list[str]) -> list[list[Series]]:
        return self._server.query(statements)


def _spans(instants: set[Instant]) -> Iterator[tuple[Device, int, int]]:
    """Yield device, first and last time of instants that are near each other."""
    span: tuple[Device, int, int] | None = None
    for area, device, t_us in sorted(instants):
        if span and span[0] == (area, device) and t_us - span[2] <= _GAP_US:
            span = span[0], span[1], t_us
            continue
        if span:
            yield span
        span = (area, device), t_us, t_us
    if span:
        yield span


def _where(device: Device | None, low: int, high: int) -> str:
    """Return the condition for a device, or any, and a time from ``low`` to before ``high``."""
    times = f"time >= {min(low, LAST_US)}u AND time < {min(high, LAST_US)}u"
    return times if device is None else f"area = {literal(device[0])} AND device = {literal(device[1])} AND {times}"


def _device(subject: str) -> Device | None:
    area, _, device = subject.rpartition("/")
    return (area, device) if subject else None


def _is_there(key: str, kind: str) -> str:
    name = identifier(key)
    if kind in ("bool", "NoneType"):
        return f"{name} = true OR {name} = false"
    return f"{name} = 0 OR {name} != 0" if kind in ("int", "float") else f"{name} = '' OR {name} != ''"


def _columns(answer: list[Series]) -> Iterator[dict[str, Any]]:
    for series in answer:
        for row in series.values:
            yield {key: value for key, value in zip(series.columns, row, strict=True) if value is not None}


def _first(points: list[Point], limit: int) -> list[Point]:
    return sorted(points, key=lambda point: (point.field, point.t_us))[:limit]
