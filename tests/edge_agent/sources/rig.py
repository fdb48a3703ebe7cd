"""A simulated line and a sink that remembers, for the tests of the Modbus source."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec

from device_profiles.clock import Clock
from device_profiles.profile import Profile, load_profiles, parse_profile
from edge_agent.config import LineConfig, SlaveConfig
from edge_agent.sample import Sample
from edge_agent.sources.modbus import ModbusSource, Pace
from simulators.modbus import RegisterImage, Slave, blank_cells

LIFT = load_profiles()["lift_terminal"]


def lift_like(kind: str, *, answer: str, latest: str) -> Profile:
    """Return the lift's profile under another kind with other patience."""
    text = LIFT.text.replace('kind = "lift_terminal"', f'kind = "{kind}"')
    text = text.replace('answer = "40ms"', f'answer = "{answer}"').replace('latest = "150ms"', f'latest = "{latest}"')
    return parse_profile(text, file=f"{kind}.toml")


PATIENT = lift_like("patient", answer="5s", latest="6s")  # no time-out however busy the machine that runs the tests
DEAD = lift_like("dead", answer="300ms", latest="350ms")  # so that what it is asked is read before another is asked
SLOW = lift_like("slow", answer="20ms", latest="800ms")
PROFILES = {profile.kind: profile for profile in (LIFT, PATIENT, DEAD, SLOW)}

# Two registers that the same function reads with the same count: only the drain can tell their answers apart.
TWINS = """
kind = "twins"
title = "two registers"

[liveness]
silent_after = "15s"

[modbus]
answer = "20ms"
latest = "{latest}"

[modbus.blocks.low]
table = "holding_register"
address = 0
count = 1
scan = true

[modbus.blocks.high]
table = "holding_register"
address = 50
count = 1
every = "1ms"

[values.low]
type = "int"
description = "always 1"
modbus = {{ block = "low", at = 0 }}

[values.high]
type = "int"
description = "always 2"
modbus = {{ block = "high", at = 0 }}
"""


def twins(*, latest: str = "800ms") -> Profile:
    """Return the profile of two registers; ``latest`` may be what a profile's file may not say."""
    profile = parse_profile(TWINS.format(latest="400ms"), file="twins.toml")
    assert profile.spec.modbus is not None
    patience = msgspec.structs.replace(profile.spec.modbus, latest=latest)
    return msgspec.structs.replace(profile, spec=msgspec.structs.replace(profile.spec, modbus=patience))


def lift_slave(unit: int) -> Slave:
    """Return a slave that holds 0 wherever a lift terminal is read."""
    return Slave(unit, RegisterImage(blank_cells(LIFT.spec)))


def line_of(port: str, units: Mapping[int, Profile], *, parity: str = "N") -> LineConfig:
    """Return the config of a line with one device for each unit."""
    slaves = tuple(SlaveConfig(unit, f"device-{unit}", profile.kind) for unit, profile in units.items())
    return LineConfig(port=port, slaves=slaves, parity=parity)


class Recorder:
    """A sink that keeps every sample."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._changed = asyncio.Event()
        self._source: asyncio.Task[None] | None = None

    def watch(self, source: "asyncio.Task[None]") -> None:
        """Wait for no sample of a source that has ended."""
        self._source = source
        source.add_done_callback(lambda _: self._changed.set())

    def __call__(self, sample: Sample) -> None:
        """Keep it."""
        self.samples.append(sample)
        self._changed.set()

    async def until(self, wanted: Callable[[Sample], bool]) -> Sample:
        """Return the next sample that is ``wanted``; those before this call do not count."""
        seen = len(self.samples)
        while True:
            for sample in self.samples[seen:]:
                if wanted(sample):
                    return sample
            seen = len(self.samples)
            assert self._source is None or not self._source.done(), "the source has ended"
            self._changed.clear()
            await self._changed.wait()


@asynccontextmanager
async def reading(
    line: LineConfig, profiles: Mapping[str, Profile] = PROFILES, *, pace: Pace | None = None
) -> AsyncIterator[Recorder]:
    """Run a source on ``line`` while the block runs."""
    recorder = Recorder()
    source = ModbusSource(line, profiles, sink=recorder, clock=Clock(), pace=pace)
    running = asyncio.create_task(source.run(), name="source")
    recorder.watch(running)
    try:
        yield recorder
    finally:
        running.cancel()
        await asyncio.wait([running])
        if not running.cancelled():
            running.result()
