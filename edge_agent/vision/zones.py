"""Read the zones of a camera from their JSON file; a zone that means nothing is an error, never a guess."""

from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Annotated

import msgspec

from device_profiles.errors import ConfigError
from edge_agent.judge.road.limits import LEAST_M2
from edge_agent.vision.cells import MOST, Cell, cells_of, lane_cells
from edge_agent.vision.ground import ground_of
from edge_agent.vision.polygon import area, crosses_itself, inside, overlap
from edge_agent.vision.zone import Kind, Point, Polygon, Zone

__all__ = [
    "Cell",
    "Kind",
    "Point",
    "Polygon",
    "Zone",
    "Zones",
    "ZonesRead",
    "cells_of",
    "lane_cells",
    "overlap",
    "parse_zones",
    "read_zones",
    "survey_zones",
]

Pixels = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
POINTS = 200  # of one polygon
ZONES = 2_000  # of one camera
ROAD_M2 = (LEAST_M2, 1e6)  # of one road or lane: less can show nothing that is told, more no camera sees
THINNEST_PX = 3


class Zones(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All zones of a camera, in pixels of frames of exactly this size."""

    width: Pixels
    height: Pixels
    zones: tuple[Zone, ...]

    def fits(self, *, width: int, height: int) -> bool:
        """Return whether the zones mean anything in a frame of this size."""
        return (self.width, self.height) == (width, height)


class ZonesRead(msgspec.Struct, frozen=True):
    """What a file holds: the zones that mean something, and what is wrong with the others."""

    sound: Zones
    faults: dict[str, str]  # zone id → what is wrong with it


def read_zones(path: Path) -> Zones:
    """Return the zones of a file. Raises ConfigError with the file, the zone's id and what is wrong."""
    read = survey_zones(path)
    for zone, fault in read.faults.items():
        raise ConfigError(fault, file=str(path), key=f"zone {zone!r}")
    return read.sound


def survey_zones(path: Path) -> ZonesRead:
    """Return the zones of a file and the faults of single ones. Raises ConfigError when it is no such file at all."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error
    return parse_zones(data, file=str(path))


def parse_zones(data: bytes, *, file: str) -> ZonesRead:
    """Return the zones in JSON ``data`` and the faults of single ones. Raises ConfigError."""
    try:
        found = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=Zones)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(error), file=file) from error
    _check_ids(found, file=file)
    faults = {zone.id: fault for zone in found.zones if (fault := next(_faults(zone, found), None))}
    sound = tuple(_open(zone) for zone in found.zones if zone.id not in faults)
    return ZonesRead(Zones(found.width, found.height, sound), faults)


def _check_ids(found: Zones, *, file: str) -> None:
    if not 0 < len(found.zones) <= ZONES:
        raise ConfigError(f"has {len(found.zones)} zones; a camera has 1 to {ZONES}", file=file, key="zones")
    seen: set[str] = set()
    for at, zone in enumerate(found.zones):
        key = f"zones[{at}].id"
        if not zone.id or len(zone.id) > 64 or "/" in zone.id or not zone.id.isprintable():
            raise ConfigError("must be 1 to 64 printable characters without a slash", file=file, key=key)
        if zone.id in seen:
            raise ConfigError(f"{zone.id!r} is the id of another zone too", file=file, key=key)
        seen.add(zone.id)


def _open(zone: Zone) -> Zone:
    """Return a zone whose last point is not the first one once more."""
    return msgspec.structs.replace(zone, polygon=_points(zone))


def _points(zone: Zone) -> Polygon:
    points = zone.polygon
    return points[:-1] if len(points) > 3 and points[0] == points[-1] else points


def _faults(zone: Zone, frame: Zones) -> Iterator[str]:
    """Yield what is wrong with a zone, the worst first."""
    points = _points(zone)
    if len(set(points)) < 3:
        yield f"a polygon has at least 3 points, this one {len(set(points))}"
        return
    if len(points) > POINTS:
        yield f"a polygon has at most {POINTS} points, this one {len(points)}"
        return
    if not all(isfinite(one) and abs(one) < 1e6 for point in points for one in point):
        yield "a point is no pixel"
        return
    if crosses_itself(points):
        yield "its polygon crosses itself"
    elif area(points) < 1:
        yield "its polygon has no area"
    elif (wide := area(points) / _extent(points)) < THINNEST_PX:
        yield f"is {wide:.2g} pixels wide: nothing can be told from less than {THINNEST_PX}"
    elif area(inside(points, (0, 0, frame.width, frame.height))) < area(points) / 2:
        yield f"lies outside the frame of {frame.width} × {frame.height}"
    else:
        yield from _scale_faults(zone)


def _extent(points: Polygon) -> float:
    """Return the longer side of the upright rectangle round them."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def _scale_faults(zone: Zone) -> Iterator[str]:
    if zone.cells is not None and (zone.kind != "lane" or not 1 <= zone.cells <= MOST):
        yield f"cells are a lane's, 1 to {MOST}"
    elif zone.m_per_px is not None and (zone.ground or not 0 < zone.m_per_px < 100):
        yield "m_per_px is above 0 and below 100, and stands without ground points"
    elif zone.ground:
        yield from _ground_faults(zone)
    elif zone.m_per_px is not None:
        yield from _road_faults(zone, area(_points(zone)) * zone.m_per_px**2)


def _road_faults(zone: Zone, area_m2: float) -> Iterator[str]:
    least, most = ROAD_M2
    if zone.kind != "berth" and not least <= area_m2 <= most:
        yield (
            f"its ground is {area_m2:.3g} m², and is to be between {least:g} and {most:g}: "
            "m_per_px or ground points are wrong"
        )


def _ground_faults(zone: Zone) -> Iterator[str]:
    if not 4 <= len(zone.ground) <= POINTS or not all(isfinite(one) for point in zone.ground for one in point):
        yield f"ground has 4 to {POINTS} points of x_px, y_px, x_m, y_m"
        return
    try:
        ground = ground_of(zone)
    except ValueError as error:
        yield f"ground points give no plane: {error}"
        return
    if ground is not None and not ground.sees([*_points(zone), *(one[:2] for one in zone.ground)]):
        yield "reaches beyond the horizon of its ground points"
    elif ground is not None:
        yield from _road_faults(zone, area(ground.to_m(_points(zone))))
