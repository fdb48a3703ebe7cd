"""What is on its way to the hub on one lane: sent, not yet receipted, and when it has to be sent again."""

from collections.abc import Iterator

from device_profiles.wire import Lane, Receipt

RESEND_S = 10.0  # real; without a receipt for so long a pack is sent again
PROBE = 10  # packs of a lane sent again while no receipt comes at all: a hub that is away gets no storm

Key = tuple[int, int]  # (epoch, seq)
START: Key = (0, 0)


class Window:
    """A bounded number of unreceipted packs. Pure: times are arguments."""

    def __init__(self, lane: Lane, size: int) -> None:
        self.lane: Lane = lane
        self.cursor = START  # the last pack that was sent in its turn on this connection; whoever sends moves it
        self._size = size
        self._sent: dict[Key, float] = {}  # real seconds of the last sending
        self._probed_s = float("-inf")

    def __len__(self) -> int:
        return len(self._sent)

    @property
    def room(self) -> int:
        """How many packs may still be sent."""
        return max(0, self._size - len(self._sent))

    def begin(self) -> None:
        """Start from the oldest pack: a new connection sends everything again."""
        self.cursor = START
        self._sent.clear()
        self._probed_s = float("-inf")

    def probe(self, *, now_s: float) -> bool:
        """Return whether it is time to try a few packs on a hub that says nothing."""
        if now_s - self._probed_s < RESEND_S:
            return False
        self._probed_s = now_s
        return True

    def sent(self, key: Key, *, now_s: float) -> None:
        """Note that a pack went out."""
        self._sent.pop(key, None)
        self._sent[key] = now_s  # at the end: the order of the dict is the order of sending

    def receipted(self, receipt: Receipt) -> None:
        """Take out what the hub has."""
        word = receipt.lanes.get(self.lane)
        if word is not None:
            for key in [key for key in self._sent if key[0] == receipt.epoch and key[1] <= word.to]:
                del self._sent[key]

    def gone(self, key: Key) -> None:
        """Take out a pack that the outbox does not hold any more."""
        self._sent.pop(key, None)

    def overdue(self, *, now_s: float) -> Iterator[Key]:
        """Yield the packs that were sent too long ago, the first sent first."""
        for key, sent_s in self._sent.items():
            if now_s - sent_s < RESEND_S:
                return
            yield key
