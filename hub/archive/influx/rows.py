"""A row of InfluxDB: everything that was said of one device at one instant, and which pack said each of it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from device_profiles.wire import LANES, Lane, Value
from hub.archive import Point
from hub.archive.blocks import Block
from hub.archive.influx.line_protocol import field_value, head, name

MEASUREMENT = "facts"
EPOCH, SEQ, LANE, AGENT, HISTORICAL = "pack/epoch", "pack/seq", "pack/lane", "pack/agent", "pack/historical"
OTHERS = "pack/others"  # JSON: what in this row is of another pack than the one named, or once had another type
PACK = (EPOCH, SEQ, LANE, AGENT, HISTORICAL, OTHERS)

# InfluxDB fixes a field's type by who came first; a type that is part of the name cannot be taken by another device.
SUFFIXES = {"float": "", "int": "/int", "bool": "/bool", "str": "/text", "json": "/json", "NoneType": "/unknown"}
_TYPES = {suffix: kind for kind, suffix in SUFFIXES.items()} | {"/float": "float"}
_TAKEN = frozenset({"time", "area", "device"})  # names of the row's own, which a float would have bare
_NO_VALUES = _TAKEN | frozenset(PACK)
_FORMS: dict[type, str] = {float: "%r", int: "%di"}  # the wire has no number that is none, and none over 64 bits
_REMEMBERED = 100_000  # names in memory: a device that makes up new ones without end must not fill it

_keys: dict[tuple[str, str], str] = {}
_heads: dict[tuple[str, str], str] = {}
_packs: dict[tuple[str, int, str, bool], str] = {}  # of which packs → what is said of them, up to the seq
_forms: dict[tuple[Any, ...], str] = {}  # names and types of values → how they are said

K = TypeVar("K")
Instant = tuple[str, str, int]  # area, device, t_us


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """Which pack said a value, and the type it said it in."""

    kind: str  # of SUFFIXES
    epoch: int
    seq: int
    lane: int  # index in LANES
    agent: str
    historical: bool


class Row:
    """The winning points of one device and instant, by field."""

    def __init__(self, stored: dict[str, Point] | None = None, *, mixed: bool = False) -> None:
        """``stored`` is what the database has of it, ``mixed`` whether of several packs or types."""
        self._points: dict[str, Point] = stored or {}
        self._stored = stored is not None
        self._mixed = mixed
        self._block: Block | None = None  # all that is in it, while nobody has asked for a single point

    @classmethod
    def of(cls, block: Block) -> "Row":
        """Return a row that the database does not have yet."""
        row = cls()
        row._block = block
        return row

    @property
    def points(self) -> dict[str, Point]:
        """Field → the point that stays."""
        if self._block is not None:
            self._points = {point.field: point for point in self._block.points()}
            self._block = None
        return self._points

    def add(self, point: Point) -> bool:
        """Let ``point`` in when its rank is not less; return whether another pack has said the same field."""
        present = self.points.get(point.field)
        if present is None:
            self.points[point.field] = point
            return False
        if point.rank >= present.rank:  # of equal rank too: what was cut off by a crash is written again
            self.points[point.field] = point
            self._mixed |= self._stored and kind_of(point.value) != kind_of(present.value)
        return point.rank != present.rank

    def line(self, fields: Sequence[str] = ()) -> str:
        """Return the row, or only some of its fields, as a line, its time in microseconds. Raises LineError."""
        if self._block is not None and not fields:
            block = self._block
            said = said_of(block.values)
            return f"{head_of(block.area, block.device)} {said}{pack_of(block)}{block.seq}i {block.t_us}"
        points = self.points.values()
        lead = next(iter(points))
        some = [self.points[field] for field in fields] or points
        said = ",".join([f"{key_of(point.field, point.value)}={text_of(point.value)}" for point in some])
        if lead.historical or self._stored:  # what an earlier state of the row said is overwritten
            said += f",{HISTORICAL}={field_value(lead.historical)}"
        others = self._others(lead)
        if others:
            said += f",{OTHERS}={field_value(_json(others))}"
        return (
            f"{head_of(lead.area, lead.device)} {said},{AGENT}={field_value(lead.agent)},{EPOCH}={lead.epoch}i,"
            f"{LANE}={LANES.index(lead.lane)}i,{SEQ}={lead.seq}i {lead.t_us}"
        )

    def _others(self, lead: Point) -> dict[str, Origin]:
        """Once there are some, all are named: a row never loses its list."""
        points = self.points.values()
        if not (self._mixed or any(p.seq != lead.seq or p.rank != lead.rank for p in points)):
            return {}
        return {point.field: origin_of(point) for point in points}


def pack_of(block: Block) -> str:
    """Return what is said of the pack, up to its seq."""
    session = block.agent, block.epoch, block.lane, block.historical
    return _packs.get(session) or _remember(_packs, session, _pack(*session))


def _pack(agent: str, epoch: int, lane: str, historical: bool) -> str:
    history = f",{HISTORICAL}=true" if historical else ""
    return f"{history},{AGENT}={field_value(agent)},{EPOCH}={epoch}i,{LANE}={LANES.index(lane)}i,{SEQ}="


def said_of(values: dict[str, Value]) -> str:
    """Return fields as they stand in a line; the names, the same again and again, are kept. Raises LineError."""
    shape = (*values, *map(type, values.values()))
    form = _forms.get(shape)
    if form is None:
        form = _remember(_forms, shape, _form(values))
    if form:
        return form % tuple(values.values())
    return ",".join([f"{key_of(field, value)}={text_of(value)}" for field, value in values.items()])


def _form(values: dict[str, Value]) -> str:
    """Return what makes a text of numbers with these names; "" when not all are numbers, or a name is odd."""
    if any(type(value) not in _FORMS or "%" in field for field, value in values.items()):
        return ""
    return ",".join([f"{key_of(field, value)}={_FORMS[type(value)]}" for field, value in values.items()])


def origin_of(point: Point) -> Origin:
    """Return which pack said ``point``."""
    lane = LANES.index(point.lane)
    return Origin(kind_of(point.value), point.epoch, point.seq, lane, point.agent, point.historical)


def kind_of(value: Value) -> str:
    """Return the type of SUFFIXES that ``value`` is stored as; a text with a line feed is stored as JSON."""
    kind = type(value).__name__
    return "json" if kind == "str" and "\n" in value else kind  # type: ignore[operator]


def key_of(field: str, value: Value) -> str:
    """Return the escaped name under which ``value`` is stored. Raises LineError."""
    cached = field, kind_of(value)
    key = _keys.get(cached)
    if key is None:
        key = _remember(_keys, cached, name(_column(*cached)))
    return key


def text_of(value: Value) -> str:
    """Return ``value`` as it stands in a line. Raises LineError."""
    if value is None:
        return "true"
    if isinstance(value, str) and "\n" in value:
        return field_value(_json(value))
    return field_value(value)


def keys_of(field: str) -> list[str]:
    """Return the names under which values of ``field`` may be stored."""
    return [_column(field, kind) for kind in SUFFIXES]


def field_of(key: str) -> tuple[str, str]:
    """Return field and type of the name of a column."""
    field, slash, suffix = key.rpartition("/")
    kind = _TYPES.get(slash + suffix)
    return (key, "float") if kind is None or not slash else (field, kind)


def row_points(area: str, device: str, columns: dict[str, Any]) -> Iterator[Point]:
    """Yield the winning points of a row that was read; ``columns`` are without those that are null."""
    others = others_in(columns)
    lead = Origin(
        "", columns.get(EPOCH, 0), columns.get(SEQ, 0), columns.get(LANE, 0), columns.get(AGENT, ""),
        columns.get(HISTORICAL, False),
    )  # fmt: skip
    for field, kind, value in _values(columns):
        origin = others.get(field, lead)
        if origin.kind in ("", kind):
            yield Point(
                area, origin.agent, device, field, columns["time"], _typed(value, kind),
                origin.epoch, _lane(origin.lane), origin.seq, origin.historical,
            )  # fmt: skip


def dead_fields(columns: dict[str, Any]) -> Iterable[str]:
    """Return the field of each value in a row that lost to one of another type and still stands in the database."""
    others = others_in(columns)
    return [field for field, kind, _ in _values(columns) if field in others and others[field].kind != kind]


def others_in(columns: dict[str, Any]) -> dict[str, Origin]:
    """Return what in a row is of another pack than the one it names.

    A row that somebody has altered says what it can, and the proof says that it differs: it must stop no hub.
    """
    text = columns.get(OTHERS)
    try:
        return msgspec.json.decode(text, type=dict[str, Origin]) if text else {}
    except msgspec.MsgspecError:
        return {}


def _lane(index: int) -> Lane:
    """Return a lane; for a number that is none one that is never archived."""
    return LANES[index] if 0 <= index < len(LANES) else "result"


def _column(field: str, kind: str) -> str:
    return f"{field}/float" if kind == "float" and field in _TAKEN else field + SUFFIXES[kind]


def _values(columns: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key, value in columns.items():
        if key not in _NO_VALUES:
            field, kind = field_of(key)
            yield field, kind, value


def _typed(value: Any, kind: str) -> Value:
    if kind == "NoneType":
        return None
    if kind == "json":
        try:
            return msgspec.json.decode(value, type=str)
        except msgspec.MsgspecError:  # altered
            return str(value)
    return float(value) if kind == "float" else value


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def head_of(area: str, device: str) -> str:
    """Return the part of a line before its fields. Raises LineError."""
    cached = area, device
    return _heads.get(cached) or _remember(_heads, cached, head(MEASUREMENT, (("area", area), ("device", device))))


def _remember(cache: dict[K, str], key: K, value: str) -> str:
    if len(cache) >= _REMEMBERED:
        cache.clear()
    cache[key] = value
    return value
