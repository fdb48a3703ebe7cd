"""What many devices of many agents say in a storm: each event a pack of its own, each of them an alarm of its own."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from device_profiles import topics, wire
from simulators.fleet.packs import Message

AREA = "bench/bench/street"
KIND = "bench_point"
DEVICES = 100  # of each agent

PROFILE = f"""kind = "{KIND}"
title = "Point that reports a fault of its own"
[liveness]
silent_after = "30m"
[values.smoke]
type = "float"
unit = "1"
description = "smoke"
[events."point.fire"]
severity = "life"
description = "fire"
[events."point.fault"]
severity = "minor"
description = "a fault"
[events."point.well"]
severity = "info"
description = "the end of both"
[[alarms]]
rule = "point.fire"
severity = "life"
title = "Fire"
on = "point.fire"
until = ["point.well"]
[[alarms]]
rule = "point.fault"
severity = "minor"
title = "Fault"
on = "point.fault"
until = ["point.well"]
"""


class Points:
    """Devices that were never heard of before, so none of them chatters; ``name`` is part of their agents' names."""

    def __init__(self, name: str, count: int) -> None:
        self.count = count
        self._name = name
        self._epoch = int(time.time())
        self._seqs: dict[int, int] = {}

    def device(self, number: int) -> str:
        """Return the name of one."""
        return f"point-{self._name}-{number}"

    def births(self) -> list[Message]:
        """Return the births that bind them to their profile."""
        return [self._birth(agent) for agent in range(-(-self.count // DEVICES))]

    def events(self, name: str, numbers: Iterable[int]) -> Iterator[Message]:
        """Yield an event of each of ``numbers``, as of when it is asked for."""
        severity = {"point.fire": "life", "point.fault": "minor", "point.well": "info"}[name]
        for number in numbers:
            agent = number // DEVICES
            seq = self._seqs[agent] = self._seqs.get(agent, 0) + 1
            event = wire.Event(self.device(number), time.time_ns() // 1_000, name, severity)  # type: ignore[arg-type]
            yield self._message(agent, "event", seq, event)

    def _birth(self, agent: int) -> Message:
        numbers = range(agent * DEVICES, min(self.count, (agent + 1) * DEVICES))
        devices = tuple(wire.Binding(self.device(number), KIND) for number in numbers)
        status = wire.Status(time.time_ns() // 1_000, self._epoch, online=True, devices=devices)
        return self._message(agent, "status", 1, status)

    def _message(self, agent: int, lane: wire.Lane, seq: int, fact: wire.Fact) -> Message:
        name = f"{self._name}-{agent}"
        pack = wire.Pack(1, name, self._epoch, lane, fact.t_us, (fact,), seq=seq)
        topic = topics.lane_topic(topics.AgentAddress(AREA, name), lane)
        return Message(topic.encode(), wire.encode(pack))


def install(folder: Path) -> str:
    """Write the profile into ``folder`` of a hub; return what its config calls the place."""
    (folder / "profiles").mkdir(parents=True, exist_ok=True)
    (folder / "profiles" / f"{KIND}.toml").write_text(PROFILE, encoding="utf-8")
    return "profiles"
