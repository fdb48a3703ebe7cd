"""What each device of a run said, in the story's seconds."""

import bisect
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

Fact = Mapping[str, Any]


class Told(msgspec.Struct):
    """What one device said, in the story's seconds."""

    at_s: list[float] = []
    values: list[Mapping[str, Any]] = []
    events: list[tuple[float, str, Mapping[str, Any]]] = []

    def at(self, t_s: float, name: str) -> Any:
        """Return the last value at a moment; None: unknown."""
        for index in range(bisect.bisect_right(self.at_s, t_s) - 1, -1, -1):
            if name in self.values[index]:
                return self.values[index][name]
        return None


def told_by(facts: Iterable[Fact], start_us: int) -> dict[str, Told]:
    """Return what every device said, in order."""
    told: dict[str, Told] = {}
    for fact in sorted(facts, key=lambda fact: int(fact.get("t_us", 0))):
        one = told.setdefault(str(fact.get("device", "")), Told())
        t_s = (int(fact["t_us"]) - start_us) / 1e6
        if fact["type"] == "reading":
            one.at_s.append(t_s)
            one.values.append(fact["values"])
        elif fact["type"] == "event":
            one.events.append((t_s, fact["kind"], fact.get("data", {})))
    return told
