"""Judge a quarantined message again: by a hub that has learned since, it may be good."""

import msgspec

from device_profiles.wire import Pack
from hub.journal.faulty import Faulty, Reason, note_of, quarantine_row
from hub.journal.records import NewRecord, Record
from hub.ledger.ledger import LaneKey, Ledger
from hub.quarantine.asides import GOOD
from hub.quarantine.examination import examine, future_fact

EMPTIED = "emptied"  # outcome: its payload is not kept, or not all of it
DOUBLE = "double"  # outcome: that pack is in the journal already


class Verdict(msgspec.Struct, frozen=True):
    """What came of it; a GOOD one has records to write."""

    outcome: str  # GOOD, EMPTIED, DOUBLE or a Reason
    detail: str = ""
    rows: tuple[NewRecord, ...] = ()
    pack: Pack | None = None


def judge_again(record: Record, ledger: Ledger | None, *, now_us: int) -> Verdict:
    """Return what the message of ``record`` is now; without a ledger nobody knows whether it came since."""
    note, payload = note_of(record)
    if note.reason is Reason.FUTURE_TIME:
        return Verdict(Reason.FUTURE_TIME, "the pack is in the journal; its time was not believed and is no truer now")
    if len(payload) < note.size:
        return Verdict(EMPTIED, f"{len(payload)} of {note.size} bytes are kept")
    found = examine(note.topic, payload)
    if isinstance(found, Faulty):
        return Verdict(found.reason, found.detail)
    address, pack = found
    if pack.seq is None:
        return Verdict(Reason.NO_SEQ, "a will of long ago tells nothing")
    key = LaneKey(str(address), pack.epoch, pack.lane)
    # a sound envelope round bad facts was receipted: then the number is taken by this very message
    if record.seq is None and ledger is not None and ledger.seen(key, pack.seq):
        return Verdict(Reason.CLONED if note.reason is Reason.CLONED else DOUBLE, f"seq {pack.seq} is in the journal")
    return Verdict(GOOD, rows=tuple(_rows(note.topic, payload, key, pack, now_us=now_us)), pack=pack)


def _rows(topic: str, payload: bytes, key: LaneKey, pack: Pack, *, now_us: int) -> list[NewRecord]:
    rows = [NewRecord(now_us, "pack", payload, key.agent, key.epoch, key.lane, pack.seq)]
    future = future_fact(pack, now_us)
    if future:
        mark = Faulty(Reason.FUTURE_TIME, f"{future}, seq {pack.seq}", key.agent, key.epoch, key.lane)
        rows.append(quarantine_row(mark, topic=topic, payload=b"", now_us=now_us))
    return rows
