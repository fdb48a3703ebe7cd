"""One zone of a camera's picture: a berth, a lane or a stretch of road, as a polygon in pixels."""

from typing import Literal

import msgspec

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Kind = Literal["berth", "lane", "road"]


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A zone as the file gives it. A lane's first point lies at its head: at the stop line."""

    id: str
    kind: Kind
    polygon: Polygon  # pixels, x to the right, y down; it may reach beyond the frame
    m_per_px: float | None = None  # one scale for the whole zone: a camera that looks straight down
    ground: tuple[tuple[float, float, float, float], ...] = ()  # x_px, y_px, x_m, y_m of four points or more
    cells: int | None = None  # of a lane: how many vehicles find room in it; None: by its shape
