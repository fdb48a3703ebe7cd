"""Berths that are drawn, a recording of them, and what is seen of it by who takes bright for full."""

import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from device_profiles.profile import load_profiles
from edge_agent.judge.zone_limits import ZoneLimits
from edge_agent.replay.frames import stills_of
from edge_agent.replay.seen import Image, Seen, watch
from edge_agent.vision.zones import Zones, cells_of, parse_zones

WIDTH, HEIGHT = 96, 64
ZONE = load_profiles()["camera_zone"]
BERTHS = {"1": (8, 8), "2": (56, 8)}  # upper left corners; each is 24 × 40


class BrightIsFull:
    """Scores a zone by its brightness; mid-grey is what it cannot tell."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones

    def look(self, frame: Image) -> Mapping[str, float | None]:
        """Return the mean of each polygon, as a share."""
        spots = {
            f"{zone.id}/{at}" if zone.kind == "lane" else zone.id: polygon
            for zone in self._zones.zones
            for at, polygon in enumerate(cells_of(zone))
        }
        return {name: self._mean(frame, polygon) for name, polygon in spots.items()}

    def _mean(self, frame: Image, polygon: tuple[tuple[float, float], ...]) -> float | None:
        mask = np.zeros(frame.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.array(polygon, np.int32)], 255)
        mean = cv2.mean(frame, mask)[0] / 255
        return None if 0.45 < mean < 0.55 else mean


def zones_text(**more: object) -> str:
    """Return the zones file of the berths, with more keys."""
    zones = [
        {"id": name, "kind": "berth", "polygon": [[x, y], [x + 24, y], [x + 24, y + 40], [x, y + 40]]}
        for name, (x, y) in BERTHS.items()
    ]
    return json.dumps({"width": WIDTH, "height": HEIGHT, "zones": zones, **more})


def drawn(*full: str, grey: str = "") -> Image:
    """Return the berths with vehicles on those that are full."""
    image = np.random.default_rng(1).integers(0, 20, (HEIGHT, WIDTH, 3), np.uint8)
    for name, (x, y) in BERTHS.items():
        value = 250 if name in full else 128 if name == grey else 6
        image[y : y + 41, x : x + 25] = value
    return image


def recorded(folder: Path, pictures: list[Image | bytes], *, suffix: str = ".png") -> Path:
    """Write a folder of stills; bytes are written as they are."""
    folder.mkdir()
    for at, one in enumerate(pictures):
        data = one if isinstance(one, bytes) else cv2.imencode(suffix, one)[1].tobytes()
        (folder / f"{at:04}{suffix}").write_bytes(data)
    return folder


def judged(
    path: Path, zones: str, *, interval_s: float = 0.2, hysteresis: bool = True, limits: ZoneLimits | None = None
) -> Seen:
    """Return what is seen of a recording."""
    read = parse_zones(zones.encode(), file="zones.json")
    stills, looker = stills_of(path, interval_s=interval_s), BrightIsFull(read.sound)
    return watch(stills, read, looker, hysteresis=hysteresis, limits=limits)
