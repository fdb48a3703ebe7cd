"""A batch: what the journal will say of the messages that are waiting, decided before anything is written."""

import logging
from functools import lru_cache

import msgspec

from device_profiles.topics import AgentAddress
from device_profiles.wire import Pack
from hub.intake.inbox import Waiting
from hub.journal.faulty import Faulty, Reason, quarantine_row
from hub.journal.records import Kind, NewRecord
from hub.ledger.ledger import LaneKey, Ledger
from hub.quarantine.examination import examine, future_fact

logger = logging.getLogger(__name__)


class Entry(msgspec.Struct, gc=False, frozen=True):
    """One message and its records; none for a will that is known already."""

    waiting: Waiting
    rows: tuple[NewRecord, ...]
    pack: Pack | None = None
    key: LaneKey | None = None  # the lane that is owed a receipt


class Batch:
    """The judge of one transaction's messages: it knows the ledger and what the batch itself holds already."""

    def __init__(self, ledger: Ledger, *, now_us: int) -> None:
        self._ledger = ledger
        self._now_us = now_us
        self._packs: dict[tuple[LaneKey, int], Pack] = {}
        self._dead: set[tuple[str, int]] = set()

    def judge(self, waiting: Waiting) -> Entry:
        """Return what is to be written about a message. Never raises: a message must not stop the intake."""
        try:
            return self._judge(waiting)
        except Exception as error:
            logger.exception("message on %s broke the intake; it is in quarantine", waiting.message.topic)
            return self._refuse(waiting, Faulty(Reason.UNEXPECTED, repr(error)))

    def _judge(self, waiting: Waiting) -> Entry:
        found = examine(waiting.message.topic, waiting.message.payload)
        if isinstance(found, Faulty):
            return self._refuse(waiting, found)
        address, pack = found
        key, seq = _key(address, pack.epoch, pack.lane), pack.seq
        if seq is None:
            return self._will(waiting, key, pack)
        one = key, seq
        if one in self._packs or self._ledger.seen(key, seq):
            return self._again(waiting, key, pack)
        self._packs[one] = pack
        now_us, payload = self._now_us, waiting.message.payload
        row = NewRecord(now_us, "pack", payload, key.agent, pack.epoch, pack.lane, seq, pack)
        future = future_fact(pack, now_us)
        if not future:
            return Entry(waiting, (row,), pack, key)
        mark = Faulty(Reason.FUTURE_TIME, f"{future}, seq {seq}", key.agent, key.epoch, key.lane)
        return Entry(
            waiting,
            (row, quarantine_row(mark, topic=waiting.message.topic, payload=b"", now_us=now_us)),
            pack,
            key,
        )

    def _will(self, waiting: Waiting, key: LaneKey, pack: Pack) -> Entry:
        session = (key.agent, key.epoch)
        if session in self._dead or self._ledger.is_dead(*session):
            return Entry(waiting, ())
        self._dead.add(session)
        return Entry(waiting, (self._row("pack", key, seq=None, body=waiting.message.payload),), pack)

    def _again(self, waiting: Waiting, key: LaneKey, pack: Pack) -> Entry:
        if self._other_start(key, pack):
            detail = f"seq {pack.seq} of epoch {pack.epoch} again, by start {pack.boot!r}"
            return self._refuse(waiting, Faulty(Reason.CLONED, detail, key.agent, key.epoch, key.lane))
        return Entry(waiting, (self._row("double", key, seq=pack.seq),), key=key)

    def _other_start(self, key: LaneKey, pack: Pack) -> bool:
        if not pack.boot or pack.resent_in is not None or pack.seq is None:
            return False
        pending = self._packs.get((key, pack.seq))
        state = self._ledger.lanes.get(key)
        boots = [pending.boot] if pending else state.boots if state else []
        return bool(boots) and pack.boot not in boots

    def _refuse(self, waiting: Waiting, faulty: Faulty) -> Entry:
        message = waiting.message
        key = LaneKey(faulty.agent, faulty.epoch, faulty.lane) if faulty.seq is not None else None
        if key is not None and faulty.seq is not None and self._ledger.seen(key, faulty.seq):
            return Entry(waiting, (self._row("double", key, seq=faulty.seq),), key=key)
        row = quarantine_row(
            faulty, topic=message.topic, payload=message.payload, now_us=self._now_us, beyond=message.beyond
        )
        return Entry(waiting, (row,), key=key)

    def _row(
        self, kind: Kind, key: LaneKey, *, seq: int | None, body: bytes = b"", pack: Pack | None = None
    ) -> NewRecord:
        return NewRecord(self._now_us, kind, body, key.agent, key.epoch, key.lane, seq, pack)


@lru_cache(maxsize=10_000)  # one for each lane that speaks, again and again
def _key(address: AgentAddress, epoch: int, lane: str) -> LaneKey:
    return LaneKey(str(address), epoch, lane)
