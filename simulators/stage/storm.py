"""A storm of alarms: the meters of one agent, each of which says too much at the same instant."""

import aiomqtt

from device_profiles import wire
from device_profiles.clock import Clock
from device_profiles.topics import AgentAddress, lane_topic
from device_profiles.wire import Lane
from simulators.fleet.packs import KIND
from simulators.observers.witness import Account
from simulators.receivers.spec import StormSpec

_CALM_V, _HIGH_V = 231.0, 300.0  # STORM_RULE is about this
_HOLDS_S = 6.0  # city time; then each has been too high for long enough
_IN_A_PACK = 100  # readings


class Storm:
    """An agent of the real contract that is nothing but meters; an async context manager while it is connected."""

    def __init__(self, spec: StormSpec, address: AgentAddress, account: Account, clock: Clock) -> None:
        self._devices = spec.devices
        self._address = address
        self._clock = clock
        self._seq: dict[str, int] = {}
        self._client = aiomqtt.Client(
            account.host,
            account.port,
            username=account.username or None,
            password=account.password or None,
            identifier=str(address),
        )

    async def __aenter__(self) -> "Storm":
        await self._client.__aenter__()
        bindings = tuple(wire.Binding(device, KIND) for device in self._devices)
        await self._publish("status", (wire.Status(self._clock.wall_us(), 1, online=True, devices=bindings),))
        await self._say(_CALM_V)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.__aexit__(None, None, None)

    async def rage(self) -> None:
        """Let all meters say too much until every one of them is an alarm."""
        await self._say(_HIGH_V)
        await self._clock.sleep(_HOLDS_S)
        await self._say(_HIGH_V + 1)

    async def _say(self, volts: float) -> None:
        t_us = self._clock.wall_us()  # of all: what comes at once comes at once
        readings = [wire.Reading(device, t_us, {"u1": volts}) for device in self._devices]
        for start in range(0, len(readings), _IN_A_PACK):
            await self._publish("reading", tuple(readings[start : start + _IN_A_PACK]))

    async def _publish(self, lane: Lane, facts: tuple[wire.Fact, ...]) -> None:
        seq = self._seq[lane] = self._seq.get(lane, 0) + 1
        pack = wire.Pack(1, self._address.agent, 1, lane, self._clock.wall_us(), facts, seq=seq)
        await self._client.publish(lane_topic(self._address, lane), wire.encode(pack), qos=1)
