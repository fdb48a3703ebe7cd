"""Decide what of the journal's readings goes at its bound: thin the oldest, then drop what was thinned longest ago."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from device_profiles.clock import Clock
from device_profiles.errors import WireError
from device_profiles.thinning import Extremes, part
from device_profiles.wire import MAX_FACTS, Fact, Heartbeat, Pack, Reading, encode
from hub.journal.journal import Journal
from hub.journal.records import Record, pack_of
from hub.journal.thinned import READING_LANES, ROW_BYTES, GivenUp, Loss, Rewrite

SPAN_US = 600_000_000  # so much is thinned in one go: of a few seconds as much would stay as there was
MOST_KEYS = 100_000  # minutes of a value of a device that are looked at together, some 50 MB
SHARE = 0.5  # of max_bytes for what is left of thinned readings; the rest can be replayed
PRESSED = 0.97  # of max_bytes: there is no time to rest
REST = 1.0  # times what a step took: an alarm meets one step on its way, and not all of them
_STEP = 500  # records in one transaction: an alarm waits for no longer


class _Counted(msgspec.Struct):
    facts: list[msgspec.Raw]


_counted = msgspec.json.Decoder(_Counted)


class Thinning:
    """Gives up readings of one journal, step by step."""

    def __init__(
        self, journal: Journal, *, stopping: threading.Event | None = None, rest: float = 0.0, span_us: int = SPAN_US
    ) -> None:
        """``stopping`` is looked at between two steps; ``rest``: so many times what each took is left to others."""
        self._journal = journal
        self._stopping = stopping or threading.Event()
        self._rest = rest
        self._span_us = span_us

    def step(self, upto: int) -> int:
        """Give up something at or before ``upto``; return how many records were looked at. Raises JournalFull.

        0: nothing is left there, or it is time to stop.
        """
        journal, known = self._journal, self._journal.thinned()
        if known.left > SHARE * journal.max_bytes and (done := self.drop(known.upto)):
            return done
        return self.thin(upto) or self.drop(known.upto) or self.thin(upto, short=True) or self.cut(upto)

    def drop(self, upto: int) -> int:
        """Drop the oldest readings at or before ``upto``; return how many records were looked at."""
        known = self._journal.thinned()
        records = next(self._records(known.dropped, upto), [])
        if not records:
            return 0
        gone = [record for record in records if _is_readings(record)]
        was_thinned = [record for record in gone if record.offset <= known.upto]
        end = records[-1].offset
        losses = _losses(((record, _count_of(record)) for record in gone), GivenUp.DROPPED)
        change = Rewrite(end, end, -_size(was_thinned), {}, [record.offset for record in gone], losses)
        self._journal.rewrite(change)
        return len(records)

    def cut(self, upto: int) -> int:
        """Cut the oldest records at or before ``upto``, whatever they are but rule texts; return how many."""
        records = next(self._records(self._journal.first_offset() - 1, upto), [])
        gone = [record for record in records if record.kind != "text"]
        if gone:
            packs = ((record, _count_of(record)) for record in gone if record.kind == "pack")
            end = gone[-1].offset
            losses = _losses(packs, GivenUp.CUT)
            self._journal.rewrite(Rewrite(end, end, 0, {}, [record.offset for record in gone], losses))
        return len(gone)

    def thin(self, upto: int, *, short: bool = False) -> int:
        """Thin the oldest readings that are whole; ``short``: also when it is less than a span that they fill."""
        after = self._journal.thinned().upto
        if not (short or self._fills_span(after, upto)):
            return 0
        end, names = self._look(after, upto)
        looked = 0
        for records in self._records(after, end):
            self._journal.rewrite(_rewrite(records, names))
            looked += len(records)
        return looked

    def _fills_span(self, after: int, upto: int) -> bool:
        oldest, newest = self._journal.read(after, 1), self._journal.read(upto - 1, 1)
        return bool(oldest and newest) and newest[0].received_us - oldest[0].received_us >= self._span_us

    def _look(self, after: int, upto: int) -> tuple[int, dict[int, set[str]]]:
        """Return where a span ends, and which values of which readings stay."""
        extremes: dict[str, Extremes] = {}
        end, until_us = after, 0
        for records in self._records(after, upto):
            until_us = until_us or records[0].received_us + self._span_us
            for record in records:
                _take(extremes.setdefault(record.agent, Extremes()), record)
            end = records[-1].offset
            if records[-1].received_us >= until_us or sum(map(len, extremes.values())) > MOST_KEYS:
                break
        names: dict[int, set[str]] = {}
        for each in extremes.values():
            names |= each.names()
        return end, names

    def _records(self, after: int, upto: int) -> Iterator[list[Record]]:
        """Yield records a step at a time, and rest after each."""
        rest = 0.0 if self._journal.used_bytes() > PRESSED * self._journal.max_bytes else self._rest
        while after < upto and not self._stopping.is_set():
            began_s = Clock.real_s()
            records = [record for record in self._journal.read(after, _STEP) if record.offset <= upto]
            if not records:
                return
            yield records
            after = records[-1].offset
            if rest:
                self._stopping.wait(rest * (Clock.real_s() - began_s))


def _is_readings(record: Record) -> bool:
    return record.kind == "pack" and record.lane in READING_LANES


def _take(extremes: Extremes, record: Record) -> None:
    pack = _readings_of(record)
    for number, fact in _numbered(record, pack.facts if pack else ()):
        if isinstance(fact, Reading):
            extremes.take(number, fact)


def _readings_of(record: Record) -> Pack | None:
    """Return the pack of a record of readings; None for any other, and for one that another version wrote."""
    try:
        return pack_of(record) if _is_readings(record) else None
    except WireError:
        return None


def _numbered(record: Record, facts: Iterable[Fact]) -> Iterator[tuple[int, Fact]]:
    """Yield facts with numbers that no other record has."""
    return enumerate(facts, record.offset * MAX_FACTS)


def _rewrite(records: list[Record], names: dict[int, set[str]]) -> Rewrite:
    bodies: dict[int, bytes] = {}
    gone: list[int] = []
    lost: list[tuple[Record, int]] = []
    size = 0
    for record in records:
        pack = _readings_of(record)
        if pack is None:
            size += _size([record]) if _is_readings(record) else 0
            continue
        facts = _left(record, pack, names)
        body = encode(_stand_in(pack, facts)) if facts != pack.facts else record.body
        if not facts:
            gone.append(record.offset)
        elif len(body) < len(record.body):
            bodies[record.offset] = body
        if not facts or len(body) < len(record.body):
            lost.append((record, len(pack.facts) - len(facts)))
        size += ROW_BYTES + len(bodies.get(record.offset, record.body)) if facts else 0
    return Rewrite(records[-1].offset, 0, size, bodies, gone, _losses(lost, GivenUp.THINNED))


def _left(record: Record, pack: Pack, names: dict[int, set[str]]) -> tuple[Fact, ...]:
    """Return what stays of a pack's facts: heartbeats go, for what they call unchanged has gaps now."""
    left: list[Fact] = []
    for number, fact in _numbered(record, pack.facts):
        if not isinstance(fact, Reading):
            left += [] if isinstance(fact, Heartbeat) else [fact]
        elif number in names:
            left.append(part(fact, names[number]))
    return tuple(left)


def _stand_in(pack: Pack, facts: tuple[Fact, ...]) -> Pack:
    """Return the pack with fewer facts; it says that it stands for itself as it was, which makes it history."""
    own = ((pack.epoch, pack.seq, pack.seq),) if pack.seq is not None else ()
    return msgspec.structs.replace(pack, facts=facts, stands_for=pack.stands_for or own)


def _size(records: Iterable[Record]) -> int:
    return sum(len(record.body) + ROW_BYTES for record in records)


def _count_of(record: Record) -> int:
    try:
        return len(_counted.decode(record.body).facts)
    except msgspec.DecodeError:
        return 0


def _losses(lost: Iterable[tuple[Record, int]], reason: GivenUp) -> list[Loss]:
    packs, facts, times = Counter[str](), Counter[str](), dict[str, list[int]]()
    for record, count in lost:
        packs[record.agent] += 1
        facts[record.agent] += count
        times.setdefault(record.agent, []).append(record.received_us)
    return [Loss(agent, reason, packs[agent], facts[agent], min(us), max(us)) for agent, us in times.items()]
