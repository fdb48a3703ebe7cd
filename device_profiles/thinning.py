"""Thinning: of many readings those stay that are least, greatest or last of a value of a device in a minute."""

from collections.abc import Container, Iterable

from device_profiles.wire import ClockStep, Fact, Reading, Value

MINUTE_US = 60_000_000

_Key = tuple[str, str, int]  # device, value, minute


class Extremes:
    """Which readings stay of each value of a device and minute; they are named by a number, in their order.

    Nothing is made up: what stays was read so, at that time. Of a value that is no number only the last stays, null
    is a last value too.
    """

    def __init__(self) -> None:
        self._minutes: dict[_Key, _Minute] = {}

    def __len__(self) -> int:
        return len(self._minutes)

    def take(self, number: int, reading: Reading) -> None:
        """Look at a reading."""
        minute_us = reading.t_us // MINUTE_US
        for name, value in reading.values.items():
            key = reading.device, name, minute_us
            minute = self._minutes.get(key)
            if minute is None:
                minute = self._minutes[key] = _Minute()
            minute.take(number, value, t_us=reading.t_us)

    def names(self) -> dict[int, set[str]]:
        """Return the number of each reading that stays → the values that stay of it."""
        names: dict[int, set[str]] = {}
        for (_, name, _), minute in self._minutes.items():
            for number in minute.numbers():
                names.setdefault(number, set()).add(name)
        return names


def thin(facts: Iterable[Fact]) -> list[Reading]:
    """Return what is left of ``facts``, in their order: each value that was the least, the greatest or the last.

    Heartbeats go: what they call unchanged has gaps now.
    """
    readings = [fact for fact in facts if isinstance(fact, Reading)]
    extremes = Extremes()
    for number, reading in enumerate(readings):
        extremes.take(number, reading)
    names = extremes.names()
    return [part(readings[number], names[number]) for number in sorted(names)]


def part(reading: Reading, names: Container[str]) -> Reading:
    """Return a reading with some of its values."""
    return Reading(reading.device, reading.t_us, {n: value for n, value in reading.values.items() if n in names})


def may_thin(facts: Iterable[Fact]) -> bool:
    """Return whether nothing but readings and heartbeats would go: a clock step explains the times after it."""
    return not any(isinstance(fact, ClockStep) for fact in facts)


class _Minute:
    """One value of one device in one minute: which readings stay for it."""

    __slots__ = ("_greatest", "_last", "_last_us", "_least")

    def __init__(self) -> None:
        self._least: tuple[float, int] | None = None  # value, number of the reading
        self._greatest: tuple[float, int] | None = None
        self._last, self._last_us = 0, -1

    def take(self, number: int, value: Value, *, t_us: int) -> None:
        if t_us >= self._last_us:
            self._last, self._last_us = number, t_us
        if isinstance(value, int | float):
            if self._least is None or value < self._least[0]:
                self._least = value, number
            if self._greatest is None or value > self._greatest[0]:
                self._greatest = value, number

    def numbers(self) -> set[int]:
        return {self._last, *(end[1] for end in (self._least, self._greatest) if end is not None)}
