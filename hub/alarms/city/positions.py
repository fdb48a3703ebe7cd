"""Where devices and assets stand, as the city's policy says until there is a register."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec

_DEVICE = re.compile(r"[^\s/:]+(/[^\s/:]+){3}\Z")

Degrees = tuple[Annotated[float, msgspec.Meta(ge=-90, le=90)], Annotated[float, msgspec.Meta(ge=-180, le=180)]]


class Position(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a device stands, or an asset and with it each of its devices that has no position of its own."""

    at: Degrees  # latitude and longitude, WGS 84
    device: str = ""  # <area>/<device>
    asset: str = ""  # the register's id


def position_faults(positions: Sequence[Position]) -> Iterator[tuple[str, str]]:
    """Yield (key, message) for what is wrong with positions."""
    known: set[str] = set()
    for i, position in enumerate(positions):
        name = position.device or position.asset
        if not name or (position.device and position.asset):
            yield f"positions[{i}]", "is that of a `device` (area/device) or of an `asset`"
        elif position.device and _DEVICE.match(position.device) is None:
            yield f"positions[{i}].device", f"{position.device!r} is no area/device, as hz/xiacheng/chaoming/cam-1 is"
        elif name in known:
            yield f"positions[{i}]", f"{name!r} is there twice"
        known.add(name)
