"""A drawn street whose surface is watched: two lanes of traffic before a front of houses, seen by one camera or two."""

import random

from simulators.camera.places.kerb import passing
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Point, Scene, Surface

SPOTS: tuple[Point, ...] = tuple((x, y) for x in (-3.5, -1.5, 0.5, 2.5, 4.0) for y in (6.4, 8.2, 9.4))
LENSES = (
    Lens(focal_px=420.0, at=(0.0, -5.0, 11.0), pitch=40.0),
    Lens(focal_px=400.0, at=(8.5, -5.5, 11.5), yaw=-32.0, pitch=38.0),  # another house's corner
)
ZONE = "1"
TRAFFIC_S = 12.0  # between two vehicles of a lane, on average
_LANES = ((6.2, 1), (9.7, -1))  # y, direction
_NEAR_Y, _FAR_Y = 4.6, 11.4
_KERB_Y = 11.6
_REACH_X = 7.5  # of the piece that is watched


def street(seed: int, *, duration_s: float = 600.0, traffic_s: float = TRAFFIC_S) -> Scene:
    """Return the street; a vehicle passes every ``traffic_s`` on average, on each lane."""
    rng = random.Random(f"{seed}/street")
    tracks = [track for lane in _LANES for track in passing(rng, lane, duration_s=duration_s, every_s=traffic_s)]
    tracks = [track for track in tracks if track.spots[0].t_s > 0]  # before the story begins the world stands still
    middle = (_LANES[0][0] + _LANES[1][0]) / 2
    lines: list[tuple[Point, Point]] = [((-40.0, _NEAR_Y), (40.0, _NEAR_Y))]
    lines += [((x, middle), (x + 3.0, middle)) for x in range(-36, 36, 7)]
    corners = ((-_REACH_X, _NEAR_Y), (_REACH_X, _NEAR_Y), (_REACH_X, _FAR_Y), (-_REACH_X, _FAR_Y))
    return Scene(
        "road",
        seed,
        tracks=tuple(tracks),
        markings=tuple(lines),
        kerb_y=_KERB_Y,
        front_y=17.0,
        surfaces=(Surface(ZONE, corners, SPOTS),),
    )


def on_picture(surface: Surface, lens: Lens) -> dict[str, object]:
    """Return a piece of road in pixels, and which pixels are where on the ground, in metres."""
    pixels = lens.on_ground(list(surface.corners))
    ground = [(*pixel, *place) for pixel, place in zip(pixels, surface.corners, strict=True)]
    return {"polygon": pixels, "ground": ground}
