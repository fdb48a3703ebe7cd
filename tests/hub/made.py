"""Journal records made by hand, for tests of readers."""

from device_profiles.wire import ClockState, Event, Fact, Lane, Pack, Reading, Value, encode
from hub.journal.journal import NewRecord, Record

T0_US = 1_763_600_000_000_000
AREA = "hz/xiacheng/chaoming"
SECOND_US = 1_000_000


def reading(device: str = "lift-07", *, at_s: float = 0.0, **values: Value) -> Reading:
    """Return a reading ``at_s`` seconds after T0."""
    return Reading(device, T0_US + round(at_s * SECOND_US), dict(values))


def event(kind: str, device: str = "lift-07", *, at_s: float = 0.0, **data: Value) -> Event:
    """Return a life event ``at_s`` seconds after T0."""
    return Event(device, T0_US + round(at_s * SECOND_US), kind, "life", dict(data))


def pack(
    *facts: Fact, seq: int | None = 1, lane: Lane = "reading", agent: str = "a-1", epoch: int = 7, offset_us: int = 0
) -> Pack:
    """Return a pack of ``facts``, whose agent's clock is ``offset_us`` ahead."""
    return Pack(
        v=1,
        agent=agent,
        epoch=epoch,
        lane=lane,
        sent_us=T0_US,
        facts=facts,
        seq=seq,
        clock=ClockState("ntp", offset_us),
    )


def record(offset: int, made: Pack, *, at_s: float = 0.0, area: str = AREA) -> Record:
    """Return ``made`` as the journal keeps it, received ``at_s`` seconds after T0."""
    received_us = T0_US + round(at_s * SECOND_US)
    return Record(offset, received_us, "pack", f"{area}/{made.agent}", made.epoch, made.lane, made.seq, encode(made))


def tick(offset: int, *, at_s: float = 0.0) -> Record:
    """Return a tick of the hub's clock."""
    now_us = T0_US + round(at_s * SECOND_US)
    return Record(offset, now_us, "tick", "", 0, "", None, b'{"now_us":%d}' % now_us)


def unwritten(made: Record) -> NewRecord:
    """Return ``made`` as it is before the journal gave it an offset."""
    return NewRecord(made.received_us, made.kind, made.body, made.agent, made.epoch, made.lane, made.seq)  # type: ignore[arg-type]
