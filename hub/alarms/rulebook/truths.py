"""When the keys of a device were true, kept in its row: spans that have ended, and those that go on (ALARMS.md, 14).

What goes on is kept on the agent's clock and carried to the hub's by the newest offset. What has ended was carried once
and stays: neither a step of the agent's clock nor a new epoch moves it afterwards.
"""

from collections.abc import Iterable

from hub.alarms.rows import DeviceState, Truths
from hub.alarms.rulebook.keys import Span, Watch

EVIDENCE = "evidence"  # the value by which a device says what it has kept of what it saw
MAX_PAST = 16  # spans that have ended, of each key of a device: the earliest go first


def follow(device: DeviceState, watches: Iterable[Watch], *, offset_us: int) -> bool:
    """Begin and end what is true of the device at now(d); return whether something is or was until now.

    ``offset_us`` carries its times to the hub's clock.
    """
    device.shift_us, speaks = offset_us, False
    for watch in watches:
        truths = device.keys.get(watch.id)
        if watch.when.evaluate(device.values):
            if truths is None:
                truths = device.keys[watch.id] = Truths()
            if truths.since_us is None:
                truths.since_us, truths.evidence = device.now_us, ""
            kept = device.values.get(EVIDENCE)
            if isinstance(kept, str):
                truths.evidence = kept
            speaks = True
        elif truths is not None:
            speaks = speaks or truths.since_us is not None
            _end(device, truths)
    return speaks


def part(device: DeviceState) -> None:
    """End what is true at now(d): what comes behind it is unknown, or on another clock."""
    for truths in device.keys.values():
        _end(device, truths)


def witness(device: DeviceState, id: str, at_us: int) -> None:
    """Keep an event, which is true at its instant on the hub's clock."""
    _keep(device.keys.setdefault(id, Truths()), (at_us, at_us))


def spans_of(device: DeviceState, id: str) -> list[Span]:
    """Return when a key was true, on the hub's clock; what goes on is known up to now(d)."""
    truths = device.keys.get(id)
    if truths is None:
        return []
    if truths.since_us is None or device.now_us is None:
        return truths.past
    return [*truths.past, (truths.since_us + device.shift_us, device.now_us + device.shift_us)]


def _end(device: DeviceState, truths: Truths) -> None:
    if truths.since_us is not None and device.now_us is not None:
        _keep(truths, (truths.since_us + device.shift_us, device.now_us + device.shift_us))
    truths.since_us = None


def _keep(truths: Truths, span: Span) -> None:
    truths.past.append(span)
    truths.past.sort()
    del truths.past[:-MAX_PAST]
