"""A desk with two lifts, whose clock is set by hand and whose facts are noted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from device_profiles.clock import Clock
from device_profiles.wire import Fact, Lane
from edge_agent.desk import Desk
from edge_agent.sample import Sample
from tests.edge_agent.configs import loaded_config

S = 1_000_000
START = 1_763_600_000 * S


class HandClock(Clock):
    """Both clocks, set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.now_us, self.mono_us = START, 0

    def wall_us(self) -> int:
        """Return the wall time."""
        return self.now_us

    def monotonic_s(self) -> float:
        """Return the monotonic time."""
        return self.mono_us / S

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_us += round(seconds * S)
        self.mono_us += round(seconds * S)


class Notebook:
    """A Keeper that keeps what it is given, in order."""

    def __init__(self) -> None:
        self.gaps = self.forgotten = 0
        self.lane: Lane = "reading"
        self.puts: list[tuple[dict[Lane, list[Fact]], dict[str, bytes]]] = []

    def put(self, facts: Mapping[Lane, Sequence[Fact]], *, states: Mapping[str, bytes] | None = None) -> None:
        """Keep it."""
        self.puts.append(({lane: list(some) for lane, some in facts.items()}, dict(states or {})))

    def reading_lane(self) -> Lane:
        """Return what was chosen."""
        return self.lane

    def facts(self, kind: type) -> list[Any]:
        """Return all facts of a type."""
        return [fact for facts, _ in self.puts for some in facts.values() for fact in some if isinstance(fact, kind)]


class Street:
    """A desk with two lifts, its clock and its notebook."""

    def __init__(self, folder: Path, states: dict[str, bytes] | None = None) -> None:
        self.clock, self.notes = HandClock(), Notebook()
        self.desk = Desk(loaded_config(folder), self.notes, states=states or {}, clock=self.clock)

    def poll(self, *reads: dict[str, Any], device: str = "lift-01") -> None:
        """Poll a device with each of ``reads``."""
        for values in reads:
            self.desk.take(Sample(device, self.clock.wall_us(), values))

    def play(self, seconds: int, *reads: dict[str, Any]) -> None:
        """Poll once a second, with a beat."""
        for _ in range(seconds):
            self.poll(*reads)
            self.desk.beat()
            self.clock.advance(1)
