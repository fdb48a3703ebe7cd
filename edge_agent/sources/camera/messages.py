"""What agent and worker say to each other over the worker's pipes: one order down, small reports up."""

import struct
from typing import Any

import msgspec

from device_profiles.wire import Value
from edge_agent.evidence.order import EvidenceOrder
from edge_agent.judge.finding import Finding
from edge_agent.judge.queue.road import Piece
from edge_agent.judge.zone_limits import ZoneLimits
from edge_agent.sources.camera.streams.trouble import Stream, Trouble
from edge_agent.vision.watch import Kept
from edge_agent.vision.zones import Zones

MAX_REPORT = 1_000_000  # bytes; a thousand zones at once
_LENGTH = struct.Struct(">I")
HEADER = _LENGTH.size


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """All that a worker needs to know."""

    device: str
    url: str  # with its secret
    interval_s: float  # between two stills of a folder
    loop: bool
    looks_hz: float  # pictures a second that are judged, at most
    stall_s: float
    frozen_s: float
    memory_bytes: int
    zones: Zones | None = None
    model: str = ""  # in models.toml; empty: zones are not looked at
    models: str = ""  # folder of a models.toml that is not ours
    reference: str = ""  # path of the picture that shows where the camera is to look
    learned: str = ""  # path at which a reference is kept that was learned, when none is given
    evidence: EvidenceOrder = EvidenceOrder()  # of what is found on a road
    limits: ZoneLimits = ZoneLimits()  # of its zones' judges, as the profile says
    kept: dict[str, Kept] = {}  # zone → what a worker before this one knew


class Health(msgspec.Struct, frozen=True):
    """How well the camera sees."""

    seeing: bool | None  # None: not known yet
    stream: Stream
    detail: str
    troubles: dict[Trouble, bool | None]
    data: dict[Trouble, dict[str, Any]]
    counts: dict[str, Value]  # fps, looks, width, height, broken, reconnects


class ZoneWord(msgspec.Struct, frozen=True):
    """What is said of one zone."""

    zone: str
    values: dict[str, Value]
    findings: tuple[Finding, ...] = ()
    pieces: tuple[Piece, ...] = ()  # of a lane: its cells, for the road that it is a part of
    kept: Kept | None = None  # for the next worker


class Report(msgspec.Struct, frozen=True):
    """One message of a worker; its absence is noticed."""

    t_us: int  # city; of the picture that it speaks of, or now when there is none
    health: Health
    zones: tuple[ZoneWord, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Report)
_order = msgspec.json.Decoder(Order)


def encode_order(order: Order) -> bytes:
    """Return it as one line."""
    return msgspec.json.encode(order) + b"\n"


def decode_order(line: bytes) -> Order:
    """Return it."""
    return _order.decode(line)


def encode_report(report: Report) -> bytes:
    """Return it with its length in front."""
    body = _encoder.encode(report)
    return _LENGTH.pack(len(body)) + body


def report_length(header: bytes) -> int:
    """Return how many bytes follow. Raises ValueError when no report is so long."""
    (length,) = _LENGTH.unpack(header)
    if not 0 < length <= MAX_REPORT:
        raise ValueError(f"a report of {length} bytes")
    return int(length)


def decode_report(body: bytes) -> Report:
    """Return it. Raises ValueError."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:  # both are ValueErrors of msgspec's own
        raise ValueError(str(error)) from error
