"""One lane of one session: which packs of it are in the journal, came twice or late, are missing or lost."""

from collections import Counter
from typing import NamedTuple

import msgspec

from device_profiles.wire import Lost, Pack
from hub.ledger.ranges import Ranges

ABANDONED = "epoch_abandoned"  # the reason under which packs of a wiped disk are lost
_BOOTS = 8  # start ids remembered of one epoch; two are a clone already


class LaneKey(NamedTuple):
    """Whose packs are counted together; all empty for messages that nobody could be named for."""

    agent: str
    epoch: int
    lane: str


class StoredLane(msgspec.Struct, frozen=True):
    """What is known of one lane, as it is kept in hub.db."""

    received: list[tuple[int, int]] = []  # ranges of seq that are in the journal
    known: list[tuple[int, int]] = []  # those, and what is lost
    packs: int = 0
    doubled: int = 0
    resent: int = 0  # packs that a later session sent
    recovered: int = 0  # packs that came after they had been declared lost
    lost: dict[str, int] = {}  # reason → packs
    quarantined: dict[str, int] = {}  # reason → messages
    boots: list[str] = []  # start ids seen
    will: bool = False  # its newest status is the broker's will
    offset: int = 0  # its newest record in the journal
    earlier: int = 0  # packs of earlier sessions, in the total that stands for them
    unfound: int = 0  # packs that those lacked
    before: int = 0  # packs that those had made
    late: int = 0  # packs that came behind one with a greater number
    made: int = 0  # packs that the agent says it has made
    facts: int = 0  # in the packs
    lost_facts: dict[str, int] = {}  # reason → facts, as the agent declared them
    stand_ins: int = 0  # packs that stand for thinned ones
    abandoned: bool = False  # the agent's outbox holds nothing of this session any more


class LaneState:
    """What is known of one lane; it only grows."""

    def __init__(self, stored: StoredLane | None = None) -> None:
        stored = stored or StoredLane()
        self.received, self.known = Ranges(stored.received), Ranges(stored.known)
        self.lost, self.lost_facts = Counter(stored.lost), Counter(stored.lost_facts)
        self.quarantined, self.boots = Counter(stored.quarantined), list(stored.boots)
        self.packs, self.doubled, self.late = stored.packs, stored.doubled, stored.late
        self.resent, self.recovered, self.stand_ins = stored.resent, stored.recovered, stored.stand_ins
        self.facts, self.made, self.will, self.offset = stored.facts, stored.made, stored.will, stored.offset
        self.abandoned = stored.abandoned
        self.earlier, self.unfound, self.before = stored.earlier, stored.unfound, stored.before

    def stored(self) -> StoredLane:
        """Return the state as a record."""
        return StoredLane(
            received=self.received.pairs(),
            known=self.known.pairs(),
            packs=self.packs,
            doubled=self.doubled,
            resent=self.resent,
            recovered=self.recovered,
            lost=dict(self.lost),
            quarantined=dict(self.quarantined),
            boots=list(self.boots),
            will=self.will,
            offset=self.offset,
            earlier=self.earlier,
            unfound=self.unfound,
            before=self.before,
            late=self.late,
            made=self.made,
            facts=self.facts,
            lost_facts=dict(self.lost_facts),
            stand_ins=self.stand_ins,
            abandoned=self.abandoned,
        )

    @property
    def published(self) -> int:
        """How many packs were made, by the numbers seen and by the agent's word."""
        return max(self.known.highest, self.made) + self.before

    @property
    def missing(self) -> int:
        """How many packs are neither here nor lost, though a later one came."""
        return self.unfound + (0 if self.abandoned else self.known.missing)

    @property
    def outstanding(self) -> int:
        """How many packs the agent says it has made behind the last one that came."""
        return 0 if self.abandoned else self._behind

    @property
    def losses(self) -> Counter[str]:
        """Reason → packs lost. Those of an abandoned session are no agent's word, so that no receipt covers them."""
        gone = self.known.missing + self._behind if self.abandoned else 0
        return self.lost + Counter({ABANDONED: gone})

    @property
    def settled(self) -> bool:
        """Whether every pack that was made is here or lost."""
        return self.abandoned or not (self.known.missing or self.outstanding)

    @property
    def _behind(self) -> int:
        return max(0, self.made - self.known.highest)

    def add_seq(self, seq: int) -> None:
        """Count a number that is in the journal."""
        received = self.received
        if seq < received.highest:
            self.late += 1
        if received.add(seq) > self.known.add(seq):
            self.recovered += 1

    def add_pack(self, seq: int, pack: Pack) -> None:
        """Count a pack that is in the journal."""
        self.add_seq(seq)
        self.packs += 1
        self.facts += len(pack.facts)
        if pack.stands_for:
            self.stand_ins += 1
        if pack.resent_in is not None:
            self.resent += 1
        elif pack.boot and pack.boot not in self.boots and len(self.boots) < _BOOTS:
            self.boots.append(pack.boot)

    def add_lost(self, lost: Lost) -> None:
        """Count what the agent said it will never send."""
        packs = self.known.add(lost.first, max(lost.first, lost.last))
        if packs:
            self.lost[lost.reason] += packs
            self.lost_facts[lost.reason] += lost.facts

    def add_earlier(self, old: "LaneState") -> None:
        """Take over the counts of a lane that is not kept by itself any more."""
        self.earlier += old.received.count
        self.unfound += old.missing + old.outstanding
        self.before += old.published
        for name in ("packs", "doubled", "resent", "recovered", "late", "facts", "stand_ins"):
            setattr(self, name, getattr(self, name) + getattr(old, name))
        self.offset = max(self.offset, old.offset)
        self.lost.update(old.losses)
        self.lost_facts.update(old.lost_facts)
        self.quarantined.update(old.quarantined)
