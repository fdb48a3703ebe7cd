"""What the journal says that must be archived, read without the archive's reader: whoever checks it shares no count."""

from collections import Counter
from collections.abc import Iterator

from device_profiles.errors import WireError
from device_profiles.wire import Event, Pack, Reading
from hub.admission import Admission, admit_facts, news_from_us
from hub.archive import Point
from hub.archive.reader import fields_of
from hub.journal.journal import Record
from hub.journal.records import pack_of

_LANES = ("reading", "backlog", "event")


def points_said(record: Record, left_out: Counter[str] | None = None) -> list[Point]:
    """Return the points of a record; of two with one field and time the later one counts.

    ``left_out`` counts facts that are never archived, by reason.
    """
    left_out = Counter() if left_out is None else left_out
    pack = _pack(record, left_out)
    if pack is None:
        return []
    points: dict[tuple[str, str, int], Point] = {}
    for point in _points(pack, record, left_out):
        points[point.device, point.field, point.t_us] = point
    return list(points.values())


def _points(pack: Pack, record: Record, left_out: Counter[str]) -> Iterator[Point]:
    area = record.agent.rpartition("/")[0]
    news_us = news_from_us(pack, received_us=record.received_us)
    for fact, admission in admit_facts(pack, received_us=record.received_us):
        if not isinstance(fact, Reading | Event):
            continue
        if admission is Admission.FUTURE:
            left_out[admission] += 1
            continue
        history = fact.t_us < news_us
        for field, value in fields_of(fact):
            yield Point(
                area, pack.agent, fact.device, field, fact.t_us, value, pack.epoch, pack.lane, pack.seq or 0, history
            )


def _pack(record: Record, left_out: Counter[str]) -> Pack | None:
    if record.kind == "quarantine":
        left_out["quarantined"] += 1
    if record.kind != "pack" or record.lane not in _LANES or record.seq is None:
        return None
    try:
        return pack_of(record)
    except WireError:  # written by another version; the archive's reader logs it
        left_out["undecodable"] += 1
        return None
