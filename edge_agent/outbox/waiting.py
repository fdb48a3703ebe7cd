"""Facts that wait for the next commit, in memory: readings are thinned from the oldest on, events almost never."""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

import msgspec

from device_profiles.thinning import thin
from device_profiles.wire import ClockStep, Fact, Lane, Reading
from edge_agent.lanes import PROTECTED

MAX_READINGS = 20_000  # facts, about 5 MB; beyond it the oldest are thinned, a tenth at a time: 20 ms
_STEPS = 10
_LEFT = 2  # of thinned ones half as many may be left; then the oldest go
MAX_PROTECTED = 20_000  # facts; only a disk that takes nothing for days fills it
MAX_FORGETS = 1_000  # (epoch, lane); a receipt that finds no room is repeated by the hub

Then = Callable[[], None]
Queue = deque[tuple[Lane, Fact]]


class Thinned(msgspec.Struct, frozen=True):
    """Readings that were thinned before they had a number."""

    count: int  # facts that there were
    left: tuple[Reading, ...]


class Batch(msgspec.Struct, frozen=True):
    """What one transaction writes."""

    protected: tuple[tuple[Lane, Fact], ...] = ()
    readings: tuple[tuple[Lane, Fact], ...] = ()
    states: dict[str, bytes] = {}
    forgets: dict[tuple[int, Lane], int] = {}  # (epoch, lane) → receipted up to
    thinned: dict[Lane, Thinned] = {}  # what was thinned here; it comes before the readings
    dropped: dict[Lane, int] = {}  # facts that were dropped here, by lane
    thens: tuple[Then, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.protected or self.readings or self.states or self.forgets or self.lost or self.thens)

    @property
    def lost(self) -> bool:
        """Whether there is something to declare."""
        return bool(self.thinned or self.dropped)


class Waiting:
    """The queue between the event loop and the writer thread. Not locked: its owner does that."""

    def __init__(self) -> None:
        self.urgent = False  # something came that must not wait
        self.since_s: float | None = None  # real time of the oldest thing that came since the last take
        self._protected: Queue = deque()
        self._readings: Queue = deque()
        self._states: dict[str, bytes] = {}
        self._forgets: dict[tuple[int, Lane], int] = {}
        self._thinned: dict[Lane, Thinned] = {}
        self._dropped: Counter[Lane] = Counter()
        self._thens: list[Then] = []

    def __len__(self) -> int:
        return len(self._protected) + len(self._readings)

    def add(
        self, facts: Mapping[Lane, Sequence[Fact]], states: Mapping[str, bytes], then: Then | None, *, now_s: float
    ) -> bool:
        """Take in facts and the states that were decided with them; return whether readings were thinned."""
        for lane, some in facts.items():
            queue = self._protected if lane in PROTECTED else self._readings
            queue.extend((lane, fact) for fact in some)
            self.urgent = self.urgent or (lane in PROTECTED and bool(some))
        self._states.update(states)
        if then is not None:
            self._thens.append(then)
        self._touch(now_s)
        return self._thin()

    def forget(self, epoch: int, lane: Lane, to: int, *, now_s: float) -> None:
        """Note that the hub has everything of a lane up to ``to``."""
        if len(self._forgets) < MAX_FORGETS or (epoch, lane) in self._forgets:
            self._forgets[epoch, lane] = max(to, self._forgets.get((epoch, lane), 0))
            self._touch(now_s)

    def take(self, *, readings: bool) -> Batch:
        """Return and remove what there is to write, without the readings when they have to wait."""
        batch = Batch(
            tuple(self._protected),
            tuple(self._readings) if readings else (),
            self._states,
            self._forgets,
            # told together with the readings that follow, so that a lane's seqs stay in the order of its facts
            self._thinned if readings else {},
            {lane: count for lane, count in self._dropped.items() if readings or lane in PROTECTED},
            tuple(self._thens),
        )
        self._protected = deque()
        self._readings = deque() if readings else self._readings
        self._thinned = {} if readings else self._thinned
        self._dropped -= Counter(batch.dropped)
        self._states, self._forgets, self._thens = {}, {}, []
        self.urgent, self.since_s = False, None
        return batch

    def put_back(self, batch: Batch) -> bool:
        """Take in again what could not be written; return whether readings were thinned."""
        self._protected.extendleft(reversed(batch.protected))
        self._readings.extendleft(reversed(batch.readings))
        self._states = {**batch.states, **self._states}
        for key, to in batch.forgets.items():
            self._forgets[key] = max(to, self._forgets.get(key, 0))
        for lane, some in batch.thinned.items():
            later = self._thinned.get(lane, Thinned(0, ()))
            self._thinned[lane] = Thinned(some.count + later.count, some.left + later.left)
        self._dropped.update(batch.dropped)
        self._thens[:0] = batch.thens
        return self._thin()

    def give_up_readings(self) -> None:
        """Drop all readings, counted: the program ends and the disk has no room for them."""
        self._drop(self._readings, 0)
        self._dropped.update({lane: some.count for lane, some in self._thinned.items()})
        self._thinned = {}

    def _touch(self, now_s: float) -> None:
        if self.since_s is None:
            self.since_s = now_s

    def _thin(self) -> bool:
        thinned = len(self._readings) > MAX_READINGS
        while len(self._readings) > MAX_READINGS:
            self._thin_oldest(max(1, MAX_READINGS // _STEPS))
        self._drop(self._protected, MAX_PROTECTED)
        return thinned

    def _thin_oldest(self, count: int) -> None:
        """Thin the oldest readings; a clock step stays where it was, for it explains the times after it."""
        oldest: dict[Lane, list[Fact]] = {}
        steps: Queue = deque()
        for _ in range(min(count, len(self._readings))):
            lane, fact = self._readings.popleft()
            if isinstance(fact, ClockStep):
                steps.append((lane, fact))
            else:
                oldest.setdefault(lane, []).append(fact)
        self._readings.extendleft(reversed(steps))
        for lane, facts in oldest.items():
            before = self._thinned.get(lane, Thinned(0, ()))
            self._thinned[lane] = Thinned(before.count + len(facts), (*before.left, *thin(facts)))
            self._bound_thinned(lane)

    def _bound_thinned(self, lane: Lane) -> None:
        """Thin once more what is left, over whole minutes; what then is too much goes, counted as it is."""
        some, bound = self._thinned[lane], MAX_READINGS // _LEFT
        if len(some.left) > bound:
            left = thin(some.left)
            self._thinned[lane] = Thinned(some.count, tuple(left[max(0, len(left) - bound) :]))

    def _drop(self, queue: Queue, bound: int) -> bool:
        excess = len(queue) - bound
        for _ in range(excess):
            lane, _fact = queue.popleft()
            self._dropped[lane] += 1
        return excess > 0
