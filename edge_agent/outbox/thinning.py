"""Thinning: of many readings those stay that are least, greatest or last of a value of a device in a minute."""

from collections.abc import Iterable

from device_profiles.wire import ClockStep, Fact, Reading, Value

MINUTE_US = 60_000_000

_Key = tuple[str, str, int]  # device, value, minute


def thin(facts: Iterable[Fact]) -> list[Reading]:
    """Return what is left of ``facts``, in their order: each value that was the least, the greatest or the last.

    Nothing is made up: what stays was read so, at that time. Of a value that is no number only the last stays, null
    is a last value too. Heartbeats go: what they call unchanged has gaps now.
    """
    readings = [fact for fact in facts if isinstance(fact, Reading)]
    kept: dict[_Key, _Minute] = {}
    for index, reading in enumerate(readings):
        for name, value in reading.values.items():
            key = reading.device, name, reading.t_us // MINUTE_US
            minute = kept.get(key)
            if minute is None:
                minute = kept[key] = _Minute()
            minute.take(index, value, t_us=reading.t_us)
    names: dict[int, set[str]] = {}
    for (_, name, _), minute in kept.items():
        for index in minute.indices():
            names.setdefault(index, set()).add(name)
    return [_part(readings[index], names[index]) for index in sorted(names)]


def may_thin(facts: Iterable[Fact]) -> bool:
    """Return whether nothing but readings and heartbeats would go: a clock step explains the times after it."""
    return not any(isinstance(fact, ClockStep) for fact in facts)


class _Minute:
    """One value of one device in one minute: which readings stay for it."""

    __slots__ = ("_greatest", "_last", "_last_us", "_least")

    def __init__(self) -> None:
        self._least: tuple[float, int] | None = None  # value, index
        self._greatest: tuple[float, int] | None = None
        self._last, self._last_us = 0, -1

    def take(self, index: int, value: Value, *, t_us: int) -> None:
        if t_us >= self._last_us:
            self._last, self._last_us = index, t_us
        if isinstance(value, int | float):
            if self._least is None or value < self._least[0]:
                self._least = value, index
            if self._greatest is None or value > self._greatest[0]:
                self._greatest = value, index

    def indices(self) -> set[int]:
        return {self._last, *(end[1] for end in (self._least, self._greatest) if end is not None)}


def _part(reading: Reading, names: set[str]) -> Reading:
    values = {name: value for name, value in reading.values.items() if name in names}
    return Reading(reading.device, reading.t_us, values)
