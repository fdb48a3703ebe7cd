"""One camera by itself, for whoever wants to try an agent on it: its addresses are said, its faults are typed."""

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import cv2
import msgspec

from device_profiles.clock import Clock
from simulators.camera.drawing.photographs import PhotographRenderer, read_photographs
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.scene.happenings import Happening, Kind, draw_happening
from simulators.camera.scene.scene import Point
from simulators.camera.scene.weather import SKIES
from simulators.camera.serving.faults import Fault
from simulators.camera.serving.feed import Feed, Frames
from simulators.camera.serving.server import CameraServer
from simulators.camera.spec import CameraSpec, ground_of, is_real, lens_of, scene_of, zones_of
from simulators.typed import typed_words

DURATION_S = 3600.0
WELL = "well"


class Offer(msgspec.Struct, frozen=True):
    """What is served, and where."""

    spec: CameraSpec
    seed: int = 1
    rtsp_port: int = 0
    http_port: int = 0
    photographs: Path | None = None  # folder of a real car park in place of a drawn one
    zones: Path | None = None  # file that its zones are written to


async def serve_alone(offer: Offer, say: Callable[[str], None], *, hear: int) -> None:
    """Serve one camera until cancelled; obey the file number ``hear``. Raises ValueError for no photographs."""
    frames, zones, renderer = await asyncio.to_thread(_look, offer)
    if offer.zones is not None:
        await asyncio.to_thread(offer.zones.write_text, json.dumps(zones), encoding="utf-8")
    begun_s = Clock.real_s()

    def now_s() -> float:
        return Clock.real_s() - begun_s

    feed = Feed(frames, fps=offer.spec.fps, now_s=now_s)
    async with CameraServer(feed, rtsp_port=offer.rtsp_port, http_port=offer.http_port) as server:
        say(server.rtsp_url)
        say(server.mjpeg_url)
        befall = None if renderer is None else _befalls(renderer, seed=offer.seed, now_s=now_s)
        await _obey(server, say, hear=hear, befall=befall)


def _look(offer: Offer) -> tuple[Frames, dict[str, object], Renderer | None]:
    """Return what draws the pictures, the zones on them, and a road on which something can happen."""
    cv2.setNumThreads(1)
    if offer.photographs is not None and offer.spec.place != "road":
        real = PhotographRenderer(read_photographs(offer.photographs), seed=offer.seed, duration_s=DURATION_S)
        rows, columns = real.photograph.picture.shape[:2]
        return real.frame, _file(columns, rows, _berths(real.zones())), None
    scene = scene_of(offer.spec, seed=offer.seed, duration_s=DURATION_S)
    lens = lens_of(offer.spec)
    if offer.spec.photographs and not is_real(offer.spec):
        raise ValueError(f"{offer.photographs} holds none of the photographs of a road that are known to be empty")
    ground = ground_of(offer.spec, scene)
    drawn = Renderer(scene, lens, sky=SKIES[offer.spec.sky], seed=offer.seed, ground=ground)
    zones = _file(lens.width, lens.height, zones_of(offer.spec, scene))
    return drawn.frame, zones, drawn if scene.surfaces else None


def _befalls(renderer: Renderer, *, seed: int, now_s: Callable[[], float]) -> Callable[[Kind], Happening]:
    """Return what lets something befall the road that is seen."""
    road = renderer.scene.surfaces[0]

    def befall(kind: Kind) -> Happening:
        t_s = now_s()
        drawn = draw_happening(kind, road.spots, heading=road.heading, begin_s=t_s, seed=f"{seed}/{t_s}")
        renderer.happen(drawn)
        return drawn

    return befall


def _berths(outlines: dict[str, list[Point]]) -> list[dict[str, object]]:
    return [{"id": name, "kind": "berth", "polygon": outline} for name, outline in outlines.items()]


def _file(width: int, height: int, zones: list[dict[str, object]]) -> dict[str, object]:
    return {"width": width, "height": height, "zones": zones}


async def _obey(
    server: CameraServer, say: Callable[[str], None], *, hear: int, befall: Callable[[Kind], Happening] | None
) -> None:
    """Do what is typed: a fault, `well`, or what befalls a road; after the end of input just go on."""
    known = {WELL, *Fault} | (set() if befall is None else {*Kind})
    async with aclosing(typed_words(hear)) as words:
        async for word in words:
            if word in {WELL, *Fault}:
                await server.strike(None if word == WELL else Fault(word))
            elif befall is not None and word in known:
                what = befall(Kind(word))
                say(f"{what.kind}: {what.area_m2:.1f} m² at {what.x:.1f}, {what.y:.1f} m")
            else:
                say(f"{word!r} is none of: {', '.join(sorted(known))}")
