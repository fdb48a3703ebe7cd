"""What each receiver has been told: a cursor on disk, and a window of what is on its way."""

from collections import deque
from collections.abc import Collection

import msgspec
import sqlalchemy as sa

from hub.alarms.kept.log import Place
from hub.database import metadata

BEGINNING: Place = (0, -1)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("receiver", sa.Text, primary_key=True),
    sa.Column("offset", sa.BigInteger, nullable=False),  # of the last transition that it has taken, and all before
    sa.Column("n", sa.Integer, nullable=False),
)


def read_delivered(engine: sa.Engine, receiver: str) -> Place:
    """Return the place of the last transition that ``receiver`` has taken."""
    with engine.connect() as connection:
        row = connection.execute(
            sa.select(deliveries.c.offset, deliveries.c.n).where(deliveries.c.receiver == receiver)
        ).first()
    return (row.offset, row.n) if row else BEGINNING


def move_delivered(engine: sa.Engine, receiver: str, place: Place) -> None:
    """Note that ``receiver`` has taken everything up to ``place``."""
    with engine.begin() as connection:
        insert = sa.insert(deliveries).prefix_with("OR REPLACE")
        connection.execute(insert.values(receiver=receiver, offset=place[0], n=place[1]))


class _Sent(msgspec.Struct):
    place: Place
    waiting: set[int]  # packet ids that are not acked yet


class Window:
    """Transitions that were sent and are not all acked, in order."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._sent: deque[_Sent] = deque()
        self._by_mid: dict[int, _Sent] = {}

    def __len__(self) -> int:
        return len(self._sent)

    @property
    def full(self) -> bool:
        """Whether nothing more may be sent before an ack."""
        return len(self._sent) >= self._bound

    def send(self, place: Place, mids: Collection[int]) -> None:
        """Note that ``place`` is on its way as the messages ``mids``."""
        entry = _Sent(place, set(mids))
        self._sent.append(entry)
        self._by_mid.update(dict.fromkeys(mids, entry))

    def ack(self, mid: int) -> None:
        """Note that a message arrived; one that is not known is no business of ours."""
        entry = self._by_mid.pop(mid, None)
        if entry is not None:
            entry.waiting.discard(mid)

    def take_done(self) -> Place | None:
        """Return the last place up to which everything is acked, and forget it; None when nothing is new."""
        done = None
        while self._sent and not self._sent[0].waiting:
            done = self._sent.popleft().place
        return done
