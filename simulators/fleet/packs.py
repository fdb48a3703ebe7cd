"""What a fleet's agents say: valid packs of readings of twelve values, made faster than anybody can take them in."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from device_profiles import topics, wire

AREA = "fleet/load/street"
KIND = "fleet_meter"
DEVICES = 4  # of each agent
NAMES = ("u1", "u2", "u3", "i1", "i2", "i3", "p", "q", "hz", "t", "kwh", "pf")
_VARIANTS = 97  # sets of values, prime to the number of agents: a device does not say the same again

PROFILE = f"""kind = "{KIND}"
title = "Three-phase meter of a load test"
[liveness]
silent_after = "10m"
""" + "".join(
    f'[values.{name}]\ntype = "float"\nunit = "1"\ndescription = "{name} of the load test"\n' for name in NAMES
)
PROFILE += """[[alarms]]
rule = "meter.overvoltage"
severity = "major"
title = "Voltage too high"
when = "u1 > 260"
for = "5s"
clear_when = "u1 < 250"
clear = "5s"

[[alarms]]
rule = "meter.hot"
severity = "critical"
title = "Meter is hot"
when = "t > 90"
for = "1s"
clear_when = "t < 80"
clear = "1s"
"""


class Message(NamedTuple):
    """What is published."""

    topic: bytes
    payload: bytes


class Fleet:
    """Agents that count their packs; ``readings`` in each pack, all of them in order and without a gap."""

    def __init__(self, *, agents: int, epoch: int, readings: int = 1) -> None:
        self.agents = agents
        self.epoch = epoch
        self.readings = readings
        chance = random.Random(epoch)
        self._values = [_values(chance) for _ in range(_VARIANTS)]
        self._topics = [topics.lane_topic(address(agent), "reading").encode() for agent in range(agents)]
        self._sent = 0  # packs made so far

    def births(self, *, now_us: int) -> list[Message]:
        """Return the births that bind every device to the fleet's profile."""
        return [
            Message(topics.lane_topic(address(agent), "status").encode(), self._birth(agent, now_us))
            for agent in range(self.agents)
        ]

    def packs(self, count: int, *, now_us: int) -> Iterator[Message]:
        """Yield the next ``count`` packs, of the agents in turn, observed from ``now_us`` on."""
        for number in range(self._sent, self._sent + count):
            agent = number % self.agents
            t_us = now_us + (number - self._sent) * self.readings
            yield Message(self._topics[agent], self._pack(agent, number // self.agents, t_us))
        self._sent += count

    def _pack(self, agent: int, turn: int, t_us: int) -> bytes:
        values, first = self._values, turn * self.readings
        facts = b",".join(
            b'{"type":"reading","device":"meter-%d-%d","t_us":%d,"values":{%b}}'
            % (agent, number % DEVICES, t_us + number - first, values[(agent + number) % _VARIANTS])
            for number in range(first, first + self.readings)
        )
        return b'{"v":1,"agent":"a%d","epoch":%d,"lane":"reading","seq":%d,"sent_us":%d,"facts":[%b]}' % (
            agent, self.epoch, turn + 1, t_us, facts,
        )  # fmt: skip

    def _birth(self, agent: int, now_us: int) -> bytes:
        bindings = tuple(wire.Binding(f"meter-{agent}-{number}", KIND) for number in range(DEVICES))
        status = wire.Status(now_us, self.epoch, online=True, devices=bindings)
        return wire.encode(wire.Pack(1, f"a{agent}", self.epoch, "status", now_us, (status,), seq=1))


def address(agent: int) -> topics.AgentAddress:
    """Return where agent number ``agent`` stands."""
    return topics.AgentAddress(AREA, f"a{agent}")


def _values(chance: random.Random) -> bytes:
    numbers = [chance.gauss(231, 2) for _ in range(3)] + [chance.uniform(1, 99) for _ in range(9)]
    numbers[9] = chance.gauss(40, 3)  # a meter that is not hot: no alarm comes from a load
    return ",".join(f'"{name}":{number:.1f}' for name, number in zip(NAMES, numbers, strict=True)).encode()
