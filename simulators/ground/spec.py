"""One ground sensor of a scenario: what it is mounted on, how it speaks, and which acts may befall it."""

from typing import Annotated, Literal

import msgspec

from device_profiles.config import Duration
from device_profiles.wire import Id

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
