"""The ledger: which packs of each agent, epoch and lane are in the journal, which came twice, which are lost."""

from typing import NamedTuple

import msgspec

from device_profiles.wire import LANES, Lost, Pack, decode_pack
from hub.intake.quarantine import reason_of
from hub.journal.journal import Record
from hub.ledger.ranges import Ranges

_BOOTS = 8  # start ids remembered of one epoch; two are a clone already


class LaneKey(NamedTuple):
    """Whose packs are counted together; all empty for messages that nobody could be named for."""

    agent: str
    epoch: int
    lane: str


class StoredLane(msgspec.Struct, frozen=True):
    """What is known of one lane, as it is kept in hub.db."""

    received: list[tuple[int, int]] = []  # ranges of seq that are in the journal
    known: list[tuple[int, int]] = []  # those, and what the agent said is lost
    packs: int = 0
    doubled: int = 0
    resent: int = 0  # packs that a later session sent
    recovered: int = 0  # packs that came after the agent had declared them lost
    lost: dict[str, int] = {}  # reason → packs declared lost
    quarantined: dict[str, int] = {}  # reason → messages
    boots: list[str] = []  # start ids seen
    will: bool = False  # its newest status is the broker's will
    offset: int = 0  # its newest record in the journal
    earlier: int = 0  # packs of earlier sessions, in the total that stands for them
    unfound: int = 0  # packs that those lacked


class LaneState:
    """What is known of one lane; it only grows."""

    def __init__(self, stored: StoredLane | None = None) -> None:
        stored = stored or StoredLane()
        self.received, self.known = Ranges(stored.received), Ranges(stored.known)
        self.packs, self.doubled = stored.packs, stored.doubled
        self.resent, self.recovered = stored.resent, stored.recovered
        self.lost, self.quarantined = dict(stored.lost), dict(stored.quarantined)
        self.boots, self.will = list(stored.boots), stored.will
        self.offset, self.earlier, self.unfound = stored.offset, stored.earlier, stored.unfound

    def stored(self) -> StoredLane:
        """Return the state as a record."""
        return StoredLane(
            self.received.pairs(),
            self.known.pairs(),
            self.packs,
            self.doubled,
            self.resent,
            self.recovered,
            dict(self.lost),
            dict(self.quarantined),
            list(self.boots),
            self.will,
            self.offset,
            self.earlier,
            self.unfound,
        )

    def add_pack(self, seq: int, pack: Pack) -> None:
        """Count a pack that is in the journal."""
        if self.received.add(seq) > self.known.add(seq):
            self.recovered += 1
        self.packs += 1
        self.resent += pack.resent_in is not None
        if pack.resent_in is None and pack.boot and pack.boot not in self.boots and len(self.boots) < _BOOTS:
            self.boots.append(pack.boot)

    def add_lost(self, lost: Lost) -> None:
        """Count what the agent said it will never send."""
        packs = self.known.add(lost.first, max(lost.first, lost.last))
        if packs:
            self.lost[lost.reason] = self.lost.get(lost.reason, 0) + packs

    def add_earlier(self, old: "LaneState") -> None:
        """Take over the counts of a lane that is not kept by itself any more."""
        self.earlier += old.received.count
        self.unfound += old.known.missing
        self.packs, self.doubled = self.packs + old.packs, self.doubled + old.doubled
        self.resent, self.recovered = self.resent + old.resent, self.recovered + old.recovered
        self.offset = max(self.offset, old.offset)
        for mine, theirs in ((self.lost, old.lost), (self.quarantined, old.quarantined)):
            for reason, number in theirs.items():
                mine[reason] = mine.get(reason, 0) + number


class Ledger:
    """A fold over the journal's records in offset order; one thread owns it."""

    def __init__(self) -> None:
        self.lanes: dict[LaneKey, LaneState] = {}
        self.cursor = 0  # the last record folded
        self.dirty: set[LaneKey] = set()  # changed since somebody took them away to store them
        self.dropped: set[LaneKey] = set()  # likewise, and not kept any more

    def state(self, key: LaneKey) -> LaneState:
        """Return the state of a lane, a new one when nothing came yet; the caller means to change it."""
        self.dirty.add(key)
        state = self.lanes.get(key)
        if state is None:
            state = self.lanes[key] = LaneState()
        return state

    def drop(self, key: LaneKey) -> None:
        """Keep a lane no more."""
        del self.lanes[key]
        self.dirty.discard(key)
        self.dropped.add(key)

    def seen(self, key: LaneKey, seq: int) -> bool:
        """Return whether that pack is in the journal."""
        state = self.lanes.get(key)
        return state is not None and seq in state.received

    def is_dead(self, agent: str, epoch: int) -> bool:
        """Return whether the newest status of that session is its will."""
        state = self.lanes.get(LaneKey(agent, epoch, "status"))
        return state is not None and state.will

    def lanes_of(self, agent: str, epoch: int) -> list[LaneKey]:
        """Return the lanes of one session that have any pack."""
        keys = (LaneKey(agent, epoch, lane) for lane in LANES)
        return [key for key in keys if key in self.lanes and self.lanes[key].known.count]

    def take(self, record: Record, pack: Pack | None = None) -> None:
        """Fold a record; ``pack`` is its body when the caller has decoded it already."""
        self.cursor = record.offset
        key = LaneKey(record.agent, record.epoch, record.lane)
        if record.kind == "pack":
            self._take_pack(key, record.seq, pack or decode_pack(record.body))
        elif record.kind == "double":
            self.state(key).doubled += 1
        elif record.kind == "quarantine":
            self._take_quarantined(key, record)
        if key in self.lanes and record.kind not in ("tick", "act", "text", "register"):
            self.lanes[key].offset = record.offset

    def _take_pack(self, key: LaneKey, seq: int | None, pack: Pack) -> None:
        state = self.state(key)
        if seq is None:
            state.will = True
            return
        state.add_pack(seq, pack)
        state.will = False
        if key.lane == "event":
            for fact in pack.facts:
                if isinstance(fact, Lost):
                    self.state(LaneKey(key.agent, fact.epoch, fact.lane)).add_lost(fact)

    def _take_quarantined(self, key: LaneKey, record: Record) -> None:
        state = self.state(key)
        reason = reason_of(record)
        state.quarantined[reason] = state.quarantined.get(reason, 0) + 1
        if record.seq is not None:  # its identity was sound: the journal holds it, so the agent may forget it
            state.received.add(record.seq)
            state.known.add(record.seq)
