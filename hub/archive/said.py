"""What the journal says that must be archived, read without the archive's reader: whoever checks it shares no count."""

from collections.abc import Iterator

from device_profiles.errors import WireError
from device_profiles.wire import Event, Pack, Reading
from hub.admission import Admission, admit_facts
from hub.archive import Point
from hub.archive.reader import fields_of
from hub.journal.journal import Record
from hub.journal.records import pack_of

_LANES = ("reading", "backlog", "event")


def points_said(record: Record) -> Iterator[Point]:
    """Yield the points of a record; of two with one field and time the later one counts."""
    pack = _pack(record)
    if pack is None:
        return
    area = record.agent.rpartition("/")[0]
    for fact, admission in admit_facts(pack, received_us=record.received_us):
        if isinstance(fact, Reading | Event) and admission is not Admission.FUTURE:
            for field, value in fields_of(fact):
                yield Point(
                    area, pack.agent, fact.device, field, fact.t_us, value, pack.epoch, pack.lane, pack.seq or 0
                )


def _pack(record: Record) -> Pack | None:
    if record.kind != "pack" or record.lane not in _LANES or record.seq is None:
        return None
    try:
        return pack_of(record)
    except WireError:  # written by another version; the archive's reader logs it
        return None
