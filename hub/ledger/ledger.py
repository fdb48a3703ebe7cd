"""The ledger: which packs of each agent, epoch and lane are in the journal, which came twice, which are lost."""

from device_profiles.wire import LANES, Lost, Pack, Status, decode_pack
from hub.journal.faulty import reason_of
from hub.journal.journal import Record
from hub.ledger.lane import LaneKey, LaneState, StoredLane

__all__ = ["EARLIER", "LaneKey", "LaneState", "Ledger", "StoredLane"]

_OF_LANES = frozenset({"pack", "double", "quarantine"})
EARLIER = 0  # the epoch under which the total of an agent's oldest sessions stands; real ones begin at 1


class Ledger:
    """A fold over the journal's records in offset order; one thread owns it."""

    def __init__(self) -> None:
        self.lanes: dict[LaneKey, LaneState] = {}
        self.cursor = 0  # the last record folded
        self.dirty: set[LaneKey] = set()  # changed since somebody took them away to store them
        self.dropped: set[LaneKey] = set()  # likewise, and not kept any more
        self._sessions: dict[str, dict[int, int]] = {}  # agent → epoch → lanes kept

    def keep(self, key: LaneKey, state: LaneState) -> LaneState:
        """Put in the state of a lane that is not there yet."""
        self.lanes[key] = state
        epochs = self._sessions.setdefault(key.agent, {})
        epochs[key.epoch] = epochs.get(key.epoch, 0) + 1
        return state

    def state(self, key: LaneKey) -> LaneState:
        """Return the state of a lane, a new one when nothing came yet; the caller means to change it."""
        self.dirty.add(key)
        state = self.lanes.get(key)
        return state if state is not None else self.keep(key, LaneState())

    def drop(self, key: LaneKey) -> None:
        """Keep a lane no more."""
        del self.lanes[key]
        epochs = self._sessions[key.agent]
        epochs[key.epoch] -= 1
        if not epochs[key.epoch]:
            del epochs[key.epoch]
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

    def take(self, record: Record, pack: Pack | None = None, *, key: LaneKey | None = None) -> None:
        """Fold a record; ``pack`` is its body and ``key`` its lane when the caller has them already."""
        self.cursor = record.offset
        kind = record.kind
        if kind not in _OF_LANES:
            return
        key = key or LaneKey(record.agent, record.epoch, record.lane)
        state = self.state(key)
        if kind == "pack":
            self._take_pack(key, state, record.seq, pack or decode_pack(record.body))
        elif kind == "double":
            state.doubled += 1
        else:
            _take_quarantined(state, record)
        state.offset = record.offset

    def _take_pack(self, key: LaneKey, state: LaneState, seq: int | None, pack: Pack) -> None:
        if seq is None:
            state.will = True
            return
        state.add_pack(seq, pack)
        state.will = False
        if key.lane == "event":
            for fact in pack.facts:
                if isinstance(fact, Lost):
                    self.state(LaneKey(key.agent, fact.epoch, fact.lane)).add_lost(fact)
        elif key.lane == "status":
            for fact in pack.facts:
                if isinstance(fact, Status) and fact.epoch == key.epoch:
                    self._take_word(key.agent, fact)

    def _take_word(self, agent: str, status: Status) -> None:
        """Note how much the agent has made; an earlier session that its outbox does not know is abandoned.

        Until it is named again: a box that was exchanged may come back with its disk. The newest session's word
        counts, and one without ``made`` says nothing.
        """
        newest = max(self._sessions[agent])
        if status.epoch not in status.made or status.epoch < newest:
            return
        for epoch, lanes in status.made.items():
            for lane, made in lanes.items():
                if epoch <= status.epoch and made > self._made(LaneKey(agent, epoch, lane)):
                    self.state(LaneKey(agent, epoch, lane)).made = made
        for epoch in self._sessions[agent]:
            if EARLIER < epoch < status.epoch:
                self._abandon(agent, epoch, abandoned=epoch not in status.made)

    def _made(self, key: LaneKey) -> int:
        state = self.lanes.get(key)
        return 0 if state is None else state.made

    def _abandon(self, agent: str, epoch: int, *, abandoned: bool) -> None:
        for key in (LaneKey(agent, epoch, lane) for lane in LANES):
            if key in self.lanes and self.lanes[key].abandoned != abandoned:
                self.state(key).abandoned = abandoned


def _take_quarantined(state: LaneState, record: Record) -> None:
    state.quarantined[reason_of(record)] += 1
    if record.seq is not None:  # its identity was sound: the journal holds it, so the agent may forget it
        state.add_seq(record.seq)
