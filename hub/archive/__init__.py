"""The archive: every value and event that devices ever said, by time; each kind of store is one implementation."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from device_profiles.wire import Value

EVENT_PREFIX = "event/"  # the field of an event is this and its kind; no value's name has a slash
BATCH_POINTS = 5_000  # InfluxDB's own advice for one request, and 50 ms of SQLite


class Point(msgspec.Struct, frozen=True):
    """One field of one device at one instant. (area/device, field, t_us) is its identity."""

    area: str
    agent: str
    device: str
    field: str  # a value's name, or EVENT_PREFIX and the kind of an event
    t_us: int  # when it was observed
    value: Value  # of an event: JSON text of its severity and data
    epoch: int
    lane: str
    seq: int
    historical: bool = False  # came long after it was observed

    @property
    def subject(self) -> str:
        """The device's key in the city."""
        return f"{self.area}/{self.device}"

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """What decides between two points of one identity: the greater one stays, whichever came first."""
        return (self.epoch, self.seq, self.lane, self.agent)


class Query(msgspec.Struct, frozen=True):
    """Which points are asked for; what is empty or absent asks for all."""

    subject: str = ""  # <area>/<device>
    field: str = ""
    from_us: int = 0  # inclusive
    to_us: int = 2**63 - 1  # exclusive
    limit: int = 10_000  # the first ones by subject, field and time


Settle = Callable[[], None]  # waits until what was begun is stored; to be called once, in the order of beginning


class Archive(Protocol):
    """A store of points that keeps its own place in the journal. Writing the same points again changes nothing."""

    def offset(self) -> int:
        """Return the offset of the last record that is in the archive with all its points. Raises StoreDown."""

    def write(self, points: Sequence[Point], *, offset: int) -> None:
        """Store ``points`` and then, at once or after them, the new ``offset``. Raises StoreDown."""

    def begin_write(self, points: Sequence[Point], *, offset: int) -> Settle:
        """Begin ``write``, so that the next one can be made ready meanwhile; what is returned ends it.

        Both raise StoreDown, and then each that was begun is to be ended all the same: one that was begun after one
        that failed fails too, and moves no offset.
        """

    def read(self, query: Query) -> list[Point]:
        """Return points in the order of subject, field and time. Raises StoreDown."""

    def count_by_hour(self, query: Query) -> dict[int, int]:
        """Return start of the hour in microseconds → points observed in it. Raises StoreDown."""
