"""What the outbox holds, in numbers: packs and bytes by lane, and the next number of each epoch and lane."""

from device_profiles.wire import LANES, MAX_HELD_EPOCHS, Lane
from edge_agent.lanes import PROTECTED
from edge_agent.outbox.commit import Commit
from edge_agent.outbox.store import Store


class Holdings:
    """The counts as of the last commit. One thread changes them, any may look."""

    def __init__(self, store: Store) -> None:
        """Count what is there, which reads every pack."""
        sizes = store.sizes()
        self._epoch = store.epoch
        self._packs = {lane: sizes[lane].packs for lane in LANES}
        self._bytes = {lane: sizes[lane].bytes for lane in LANES}
        self._next = store.next_seqs()
        self._before: dict[tuple[int, Lane], int | None] = {}  # what a commit that is under way has changed

    def packs(self, lane: Lane) -> int:
        """Return how many packs of a lane are not receipted."""
        return self._packs[lane]

    def depths(self) -> dict[str, int]:
        """Return lane → packs that are not receipted."""
        return {lane: packs for lane, packs in self._packs.items()}  # noqa: C416  (the key's type widens)

    def size(self) -> int:
        """Return the bytes of all packs."""
        return sum(self._bytes.values())

    def protected(self) -> int:
        """Return the bytes of what is never evicted."""
        return sum(self._bytes[lane] for lane in PROTECTED)

    def next_seq(self, epoch: int, lane: Lane) -> int | None:
        """Return the number that the next pack of a lane gets; None for an epoch of which nothing is known."""
        return self._next.get((epoch, lane), 1 if epoch == self._epoch else None)

    def knows(self, epoch: int, lane: Lane) -> bool:
        """Return whether there may be packs of a lane."""
        return (epoch, lane) in self._next

    def made(self) -> dict[int, dict[Lane, int]]:
        """Return epoch → lane → packs made, of this epoch and all that may be held; nothing when these are too many."""
        found: dict[int, dict[Lane, int]] = {self._epoch: {}}
        for (epoch, lane), next_ in self._next.copy().items():  # the writer's thread may add to it
            found.setdefault(epoch, {})[lane] = next_ - 1
        return found if len(found) <= MAX_HELD_EPOCHS else {}

    def number(self, commit: Commit) -> None:
        """Take over the numbers that were given; before the commit, for a receipt may be quicker than its thread."""
        numbers = {(self._epoch, lane): seq for lane, seq in commit.next.items()}
        self._before = {key: self._next.get(key) for key in numbers}
        self._next.update(numbers)

    def take_back(self) -> None:
        """Take back the numbers of a commit that failed: until the next one no pack has them."""
        for key, next_ in self._before.items():
            if next_ is None:
                self._next.pop(key, None)
            else:
                self._next[key] = next_
        self._before = {}

    def take_over(self, commit: Commit) -> None:
        """Take over the counts of what is committed."""
        self._before = {}
        for lane, packs in commit.packs.items():
            self._packs[lane] += packs
            self._bytes[lane] += commit.bytes[lane]
