"""The minutes that are being written, summed on the way: what came whole and in order need not be read again."""

import threading
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

from hub.admission import FUTURE_US, MAX_OFFSET_US
from hub.archive import EVENT_PREFIX, Point
from hub.archive.blocks import Block, Run, blocks_of, runs_of
from hub.archive.tiers import MINUTE_US, Bucket
from hub.archive.tiers.fold import Sums

MOST_SUMS = 300_000  # some 60 MB: two minutes of 10,000 devices; above it all are let go, and their points are read


class _Device:
    """How far a device has come."""

    __slots__ = ("fields", "last_us", "minute_us", "names", "run", "sums")

    def __init__(self) -> None:
        self.last_us = self.minute_us = -1
        self.fields: Set[str] = frozenset()  # said at `last_us`
        self.names: tuple[str, ...] = ()  # of the values in `run`
        self.run: list[Block] = []  # of its present minute and of the batch at hand, not in `sums` yet
        self.sums: dict[str, Sums] | None = None  # of its present minute; None: it is not whole


class Present:
    """Sums of each device and minute of which every point came through here, each later than the one before.

    A late point or a double spoils its minute; so does a start in the middle of it. Such minutes are read.
    """

    def __init__(self, *, most: int = MOST_SUMS) -> None:
        self._most = most
        self._lock = threading.Lock()  # the archive's reader adds, the worker takes
        self._old: frozenset[str] | None = None  # None: nothing is whole yet
        self._from_us = 0
        self._devices: dict[str, _Device] = {}
        self._minutes: dict[tuple[str, int], dict[str, Sums]] = {}
        self._size = 0
        self._running: dict[str, _Device] = {}  # subject → of which something waits to be summed

    def begin(self, subjects: Callable[[], Sequence[str]], *, now_us: int) -> None:
        """Sum from now on. Of ``subjects`` an earlier process may have archived what was believed up to now.

        They are asked for while nothing is added: what is written before somebody asks is marked, and is among them.
        """
        with self._lock:
            self._old = frozenset(subjects())
            self._from_us = now_us + MAX_OFFSET_US + FUTURE_US

    def add(self, points: Sequence[Point]) -> None:
        """Take in what was written."""
        with self._lock:
            if self._old is not None:
                for run in runs_of(points):
                    self._add_run(run)
            for subject, device in self._running.items():
                self._sum(subject, device)
            self._running.clear()
            if self._size > self._most:
                self._minutes.clear()
                self._size = 0
                for device in self._devices.values():
                    device.sums, device.run = None, []

    def spoil(self, points: Sequence[Point]) -> None:
        """Take in that not all of ``points`` may be in the archive."""
        with self._lock:
            for block in blocks_of(points):
                self._spoil(f"{block.area}/{block.device}", block.t_us - block.t_us % MINUTE_US)

    def take(self, subject: str, minute_us: int) -> list[Bucket] | None:
        """Return a minute of a device, once; None when it is not whole and must be read."""
        with self._lock:
            sums = self._minutes.pop((subject, minute_us), None)
            if sums is None:
                return None
            self._size -= len(sums)
            return [sums[field].bucket(subject, field, minute_us) for field in sorted(sums)]

    def _add_run(self, run: Run) -> None:
        """Take in what a device said; all at once when it is of one minute and in order."""
        subject, first_us, last_us = run.subject, run.times[0], run.times[-1]
        device = self._devices.get(subject)
        if device is None:
            device = self._devices[subject] = _Device()
        in_order = run.names and run.ascends and first_us > device.last_us
        if not in_order or first_us // MINUTE_US != last_us // MINUTE_US:
            for block in run.blocks:
                self._add(subject, device, block)
            return
        device.last_us, device.fields = last_us, run.blocks[-1].values.keys()
        self._begin(subject, device, minute_us=first_us - first_us % MINUTE_US)
        if device.sums is not None:
            self._sum(subject, device)
            self._say(subject, device, run.names, run.columns, last_us, floats=run.floats)

    def _begin(self, subject: str, device: _Device, *, minute_us: int) -> None:
        """Begin the minute that the device is in, unless it has begun."""
        if minute_us != device.minute_us:
            self._sum(subject, device)
            device.minute_us = minute_us
            new = self._old is not None and subject not in self._old
            device.sums = {} if new or minute_us >= self._from_us else None

    def _add(self, subject: str, device: _Device, block: Block) -> None:
        t_us = block.t_us
        minute_us = t_us - t_us % MINUTE_US
        if t_us > device.last_us:
            device.last_us, device.fields = t_us, block.values.keys()
        elif t_us == device.last_us and device.fields.isdisjoint(block.values):
            device.fields = device.fields | block.values.keys()
        else:
            self._spoil(subject, minute_us)
            return
        self._begin(subject, device, minute_us=minute_us)
        if device.sums is not None:
            names = tuple(block.values)
            if names != device.names:
                self._sum(subject, device)
                device.names = names
            if not device.run:
                self._running[subject] = device
            device.run.append(block)

    def _sum(self, subject: str, device: _Device) -> None:
        """Sum what waits of a device, field by field: for each point by itself it takes twice the time."""
        sums, run = device.sums, device.run
        if not run or sums is None:
            return
        device.run = []
        columns = zip(*[block.values.values() for block in run], strict=True)
        self._say(subject, device, device.names, columns, run[-1].t_us)

    def _say(
        self,
        subject: str,
        device: _Device,
        names: Sequence[str],
        columns: Iterable[Sequence[Any]],
        t_us: int,
        *,
        floats: bool = False,
    ) -> None:
        """Take in what was said of each field, the last of it at ``t_us``; with ``floats`` nothing but those."""
        sums = device.sums
        if sums is None:
            return
        for field, values in zip(names, columns, strict=True):
            found = sums.get(field)
            if found is None:
                if field.startswith(EVENT_PREFIX):
                    continue
                if not sums:
                    self._minutes[subject, device.minute_us] = sums
                found = sums[field] = Sums()
                self._size += 1
            if floats:
                found.say_floats(values, t_us)
            else:
                found.say_all(values, t_us)

    def _spoil(self, subject: str, minute_us: int) -> None:
        self._size -= len(self._minutes.pop((subject, minute_us), ()))
        device = self._devices.get(subject)
        if device is not None and device.minute_us == minute_us:
            device.sums, device.run = None, []
