"""Pictures for the bench of cameras: a simulated car park, as frames in memory and as an H.264 file."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.zones import Zone, Zones
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.scene.weather import SKIES
from simulators.camera.spec import HEIGHT, WIDTH, CameraSpec, lens_of, scene_of, zones_of

Image = NDArray[np.uint8]
PICTURE_BITS = 40_000  # on the average: 1 Mbit/s at 25 pictures a second
BERTHS = 40  # of the full-rate laps: as many as PKLot's frames have
COLUMNS, ROWS = 8, 5
SPEC = CameraSpec(device="park", place="car-park", berths=16)


def frames(count: int, *, fps: float = 25.0) -> list[Image]:
    """Return so many pictures of the car park, one after the other; there and back they make twice as many."""
    scene = scene_of(SPEC, seed=1, duration_s=60.0)
    camera = Renderer(scene, lens_of(SPEC), sky=SKIES["overcast"], seed=1)
    return [camera.frame(number / fps) for number in range(count)]


def grid() -> Zones:
    """Return BERTHS zones all over the picture: each is scored, whatever it shows."""
    wide, high = WIDTH / COLUMNS, HEIGHT / ROWS
    corners = ((0.1, 0.15), (0.85, 0.1), (0.9, 0.85), (0.15, 0.9))
    places = [(column, row) for row in range(ROWS) for column in range(COLUMNS)]
    outlines = [tuple(((column + x) * wide, (row + y) * high) for x, y in corners) for column, row in places]
    return Zones(WIDTH, HEIGHT, tuple(Zone(f"{at}", "berth", outline) for at, outline in enumerate(outlines)))


def berths() -> dict[str, object]:
    """Return the car park's own zones, as a file holds them."""
    scene = scene_of(SPEC, seed=1, duration_s=60.0)
    return {"width": WIDTH, "height": HEIGHT, "zones": zones_of(SPEC, scene)}


def write_h264(path: Path, pictures: Sequence[Image], *, fps: int, picture_bits: int = PICTURE_BITS) -> None:
    """Write pictures, there and back, as a camera would code them: no B frames, a key frame every 50."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height = pictures[0].shape[1], pictures[0].shape[0]
        stream.pix_fmt, stream.bit_rate = "yuv420p", picture_bits * fps
        stream.options = {"preset": "veryfast", "tune": "zerolatency", "g": "50", "threads": "1"}
        stream.time_base = Fraction(1, fps)
        for packet in _coded(stream, [*pictures, *reversed(pictures)]):
            container.mux(packet)


def _coded(stream: "av.VideoStream", pictures: Sequence[Image]) -> "Iterator[av.Packet]":
    for picture in pictures:
        yield from stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24"))
    yield from stream.encode(None)


class Recipe(msgspec.Struct, frozen=True):
    """Where a lap's process finds what it plays."""

    film: str  # H.264
    seconds: float
