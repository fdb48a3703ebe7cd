"""Receipts: what to tell which agent about its packs, and when; only this lets an agent forget."""

from collections import deque

from device_profiles.wire import LaneReceipt, Receipt
from hub.ledger.ledger import LaneKey, Ledger

PERIOD_S = 0.2  # at most one receipt of telemetry for an agent in this time
GAP_AGE_S = 1.0  # a younger gap may be reordering
MAX_WANT = 20  # gaps asked for in one receipt; the next asks for the next
_BUCKET_S = 0.1  # exactness of a gap's age


class Receipts:
    """Which sessions are owed a receipt. Times are real seconds; one thread owns it."""

    def __init__(self, ledger: Ledger, *, hub: str) -> None:
        self._ledger = ledger
        self._hub = hub
        self._owed: dict[tuple[str, int], float] = {}  # (agent, epoch) → when it is due
        self._sent: dict[str, float] = {}  # agent → when it got the last one
        self._marks: dict[LaneKey, deque[tuple[float, int]]] = {}  # lane with gaps → (from when, highest seq)

    def note(self, key: LaneKey, *, urgent: bool, now_s: float) -> None:
        """Owe a receipt for a pack of ``key`` that is in the journal: at once, or with the next ones."""
        if self._mark(key, now_s):
            self._owe(key, now_s + GAP_AGE_S + _BUCKET_S)
        self._owe(key, now_s if urgent else max(now_s, self._sent.get(key.agent, 0.0) + PERIOD_S))

    def recheck(self, now_s: float) -> None:
        """Owe a receipt to every session of the ledger that has gaps; for the start."""
        for key in list(self._ledger.lanes):
            if self._mark(key, now_s):
                self._owe(key, now_s + GAP_AGE_S + _BUCKET_S)

    def next_s(self) -> float | None:
        """Return when the next receipt is due."""
        return min(self._owed.values(), default=None)

    def due(self, now_s: float, *, t_us: int) -> list[tuple[str, Receipt]]:
        """Return (agent, receipt) for every session that is owed one now; ``sent`` settles it."""
        sessions = [session for session, due_s in self._owed.items() if due_s <= now_s]
        return [(agent, self.receipt(agent, epoch, now_s=now_s, t_us=t_us)) for agent, epoch in sessions]

    def sent(self, agent: str, epoch: int, *, now_s: float) -> None:
        """A receipt left: nothing more is owed until the next pack, or until a young gap is old enough."""
        self._sent[agent] = now_s
        del self._owed[agent, epoch]
        for key in self._ledger.lanes_of(agent, epoch) if self._marks else ():
            marks = self._marks.get(key)
            if marks and marks[-1][0] > now_s - GAP_AGE_S:
                self._owe(key, marks[-1][0] + GAP_AGE_S)

    def receipt(self, agent: str, epoch: int, *, now_s: float, t_us: int) -> Receipt:
        """Return the receipt of one session as the ledger stands."""
        lanes = {key.lane: self._lane(key, now_s) for key in self._ledger.lanes_of(agent, epoch)}
        return Receipt(self._hub, epoch, lanes, t_us)  # type: ignore[arg-type]

    def _lane(self, key: LaneKey, now_s: float) -> LaneReceipt:
        known = self._ledger.lanes[key].known
        return LaneReceipt(known.to, tuple(known.gaps(self._settled(key, now_s), limit=MAX_WANT)))

    def _owe(self, key: LaneKey, due_s: float) -> None:
        session = (key.agent, key.epoch)
        self._owed[session] = min(due_s, self._owed.get(session, due_s))

    def _mark(self, key: LaneKey, now_s: float) -> bool:
        """Remember how far a lane with gaps had come; return whether it has any."""
        known = self._ledger.lanes[key].known
        if not known.missing:
            self._marks.pop(key, None)
            return False
        marks = self._marks.setdefault(key, deque())
        bucket_s = (now_s // _BUCKET_S + 1) * _BUCKET_S
        if marks and marks[-1][0] == bucket_s:
            marks.pop()
        if not marks or marks[-1][1] < known.highest:
            marks.append((bucket_s, known.highest))
        while len(marks) > 1 and marks[1][0] <= now_s - GAP_AGE_S:
            marks.popleft()
        return True

    def _settled(self, key: LaneKey, now_s: float) -> int:
        """Return the seq below which a gap is old enough to be asked for."""
        old = [highest for from_s, highest in self._marks.get(key, ()) if from_s <= now_s - GAP_AGE_S]
        return old[-1] if old else 0
