"""How much the outbox may keep, and what is done commit by commit so that it stays so: thin first, then let go."""

import msgspec

from device_profiles.wire import Lane
from edge_agent.lanes import EVICTION_ORDER
from edge_agent.outbox.commit import Commit
from edge_agent.outbox.store import PackRow, Store

CHECK_S = 10.0  # real; between two looks at the age
THIN_BYTES = 262_144  # of readings thinned in one commit: 20 ms, for which an event may have to wait
THIN_PACKS = 500
ROOM_STEPS = 4  # of thinning in one commit on a full disk; what cannot be thinned must not hold up an event
AGE_SLACK_US = 600_000_000  # so much is thinned at once: of a few seconds as much would stay as there was
_FAR_US = 2**63 - 1
_AGED_OUT = 2  # times max_age: what is left of thinned readings goes then


class Bounds(msgspec.Struct, frozen=True):
    """What the outbox may keep."""

    max_bytes: int = 256_000_000  # of packs; beyond it readings are evicted down to seven eighths
    max_age_us: int = 7 * 86_400_000_000  # of readings; then they are thinned, and let go at twice that age
    reserve_bytes: int = 4_000_000  # of disk, kept for events and the WAL that they go through

    @property
    def low_bytes(self) -> int:
        """Where thinning begins, and an eviction ends, so that it does not come with every commit."""
        return self.max_bytes // 8 * 7

    @property
    def thin_bytes(self) -> int:
        """How much is thinned in one go."""
        return min(THIN_BYTES, self.max_bytes // 16)


class Trim:
    """Keeps the bounds. Above the low mark each commit thins a little, oldest first; what is thinned once stays so."""

    def __init__(self, store: Store, bounds: Bounds) -> None:
        self._store = store
        self._bounds = bounds
        self._looked_s = float("-inf")
        self._thinned: dict[Lane, tuple[int, int]] = {}  # lane → (epoch, seq) up to which thinning was tried
        self._last: Commit | None = None
        self._failed = False  # for want of room, a commit that thinned

    def keep(self, commit: Commit, *, held: int, now_s: float, now_us: int) -> None:
        """Thin or evict inside the open transaction; ``held`` is the size of the outbox before the commit."""
        self._last = commit
        aged = now_s - self._looked_s >= CHECK_S
        if aged:
            self._looked_s = now_s
            commit.age(now_us - _AGED_OUT * self._bounds.max_age_us)
        size = held + sum(commit.bytes.values())
        if size > self._bounds.max_bytes:
            commit.shrink(size - self._bounds.low_bytes)
        elif size > self._bounds.low_bytes:
            self._thin(commit)
        elif aged and self._thin(commit, before_us=now_us - self._bounds.max_age_us):
            self._looked_s = float("-inf")  # there may be more of that age

    def begin_again(self) -> None:
        """Try to thin everything once more: the last commit came to nothing."""
        self._thinned.clear()
        self._failed = self._last is not None and self._last.thinned > 0

    def make_room(self, commit: Commit, size: int) -> None:
        """Free ``size`` bytes of the file on a full disk: thin as far as that goes, then let go.

        Thinning writes before it frees: where a commit has just failed for want of room, readings only go.
        """
        self._last = commit
        steps, self._failed = 0 if self._failed else ROOM_STEPS, False
        for _ in range(steps):
            if commit.freed >= size or not self._thin(commit):
                break
        commit.shrink(size - commit.freed)

    def _thin(self, commit: Commit, *, before_us: int = _FAR_US) -> bool:
        """Thin the oldest readings, if there is enough of them; return whether there may be more."""
        for lane in EVICTION_ORDER:
            rows, full = self._next(lane, before_us=before_us)
            if full or (rows and rows[0].created_us < before_us - AGE_SLACK_US and before_us != _FAR_US):
                self._thinned[lane] = (rows[-1].epoch, rows[-1].seq)
                commit.thin(lane, rows)
                return full
        return False

    def _next(self, lane: Lane, *, before_us: int) -> tuple[list[PackRow], bool]:
        """Return packs that may be thinned next, and whether these are as many as may be in one go."""
        rows: list[PackRow] = []
        size = 0
        for row in self._store.oldest(lane, THIN_PACKS, after=self._thinned.get(lane, (0, 0))):
            if size >= self._bounds.thin_bytes or row.created_us >= before_us:
                break
            rows.append(row)
            size += row.bytes
        return rows, size >= self._bounds.thin_bytes or len(rows) == THIN_PACKS
