"""One ground sensor of a scenario: what it is mounted on, how it speaks, and which acts may befall it."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, Protocol

import msgspec

from device_profiles.config import Duration, duration_us
from device_profiles.wire import Id
from simulators.play.acts import GROUND_ACTS, REPORT, UPLINK_ACTS

Unit = Literal["", "0.1deg", "rad", "cm", "m"]  # "": degrees and millimetres, as the profile says


class GroundSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sensor of the profile ``ground_sensor``; all are served by the scenario's own agent."""

    device: Id
    mount: Literal["ground", "cover"] = "ground"  # of a manhole
    way: Literal["modbus", "things_stack_v3", "things_stack_v3_bytes"] = "modbus"  # a line of their own, or a dialect
    every: Duration = "5s"  # city; between two uplinks while nothing happens
    burst: Duration = "2s"  # and once it has moved
    well: bool = False  # it measures the water in a well too
    water_m: Annotated[float, msgspec.Meta(ge=0)] = 0.3  # at the start
    settlement_mm: float = -2.0  # at the start
    asset: str = ""  # the register's id


class GroundDeed(Protocol):
    """What an act says of a sensor."""

    @property
    def act(self) -> str:
        """What happens."""

    @property
    def sensor(self) -> str:
        """To which; "": to something else."""

    @property
    def unit(self) -> str:
        """In which it speaks from then on."""


def ground_faults(sensors: Sequence[GroundSpec], acts: Sequence[GroundDeed]) -> Iterable[tuple[str, str]]:
    """Yield (key, message) of sensors and acts that do not fit each other."""
    ways = {spec.device: spec for spec in sensors}
    if len(ways) < len(sensors):
        yield "ground", "a device is there twice"
    for index, spec in enumerate(sensors):
        if min(duration_us(spec.every), duration_us(spec.burst)) <= 0:
            yield f"ground[{index}].every", "must be longer than 0"
    for index, act in enumerate(acts):
        key = f"acts[{index}]"
        befalls = act.act in GROUND_ACTS or (act.act == REPORT and bool(act.sensor))
        if befalls is not bool(act.sensor) or (act.sensor and act.sensor not in ways):
            yield f"{key}.sensor", f"{act.sensor!r} is not in ground, or that befalls no ground sensor"
        elif act.act in UPLINK_ACTS and ways[act.sensor].way == "modbus":
            yield f"{key}.act", f"{act.sensor!r} sends no uplinks"
        elif act.act == "well_rises" and not ways[act.sensor].well:
            yield f"{key}.act", f"{act.sensor!r} measures no well"
        if (act.act == "unit_changes") is not bool(act.unit):
            yield f"{key}.unit", "belongs to unit_changes, and to nothing else"
