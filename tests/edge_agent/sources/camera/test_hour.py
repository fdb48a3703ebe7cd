"""An hour of weather and night, with traffic and parking: the integrity of a camera finds nothing wrong."""

import cv2
import numpy as np
import pytest

from edge_agent.sources.camera.integrity.integrity import Integrity
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.scene.weather import SKIES
from simulators.camera.spec import CameraSpec, lens_of, scene_of

HOUR_S = 3600.0
PLACES = ("car-park", "kerb", "hospital")


def _wrong(place: str, *, seed: int, every_s: float, hour_s: float = HOUR_S) -> list[tuple[float, str]]:
    """Return (s, trouble) of each picture that was doubted; they come as JPEGs, as over the network."""
    spec = CameraSpec("cam", place=place, berths=16 if place == "car-park" else 5)  # type: ignore[arg-type]
    renderer = Renderer(scene_of(spec, seed=seed, duration_s=HOUR_S), lens_of(spec), sky=SKIES["hour"], seed=seed)
    integrity = Integrity(size=(640, 360))
    wrong: list[tuple[float, str]] = []
    for t_s in np.arange(0, hour_s, every_s):
        jpeg = cv2.imencode(".jpg", renderer.frame(float(t_s)), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        picture = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
        verdict = integrity.take(picture, float(t_s))
        wrong += [(float(t_s), str(trouble)) for trouble, holds in verdict.states.items() if holds]
    return wrong


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("place", PLACES)
def test_an_hour_of_weather_and_night_has_no_false_trouble(place: str, seed: int) -> None:
    """A look each second."""
    assert _wrong(place, seed=seed, every_s=1.0) == []


def test_an_hour_in_hasty_looks_has_no_false_trouble() -> None:
    """The same with a look each 20 s, of one place."""
    assert _wrong("kerb", seed=1, every_s=20.0) == []
