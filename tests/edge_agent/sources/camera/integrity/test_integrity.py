"""Integrity: each fault is named in time, by its own name, and no weather is a fault."""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pytest

from edge_agent.sources.camera.integrity.integrity import Integrity
from edge_agent.sources.camera.streams.trouble import Trouble
from edge_agent.vision.structure import bands_of, small_grey
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.scene.weather import SKIES
from simulators.camera.spec import CameraSpec, lens_of, scene_of
from tests.edge_agent.sources.camera.pictures import Image, Street

STEP_S = 0.2
SOON_S, LATER_S = 2.0, 10.0  # what the issue allows
FAULTS: dict[Trouble, tuple[Callable[[Street], Image], float]] = {
    Trouble.BLACK: (Street.black, SOON_S),
    Trouble.COVERED: (Street.covered, SOON_S),
    Trouble.SIZE: (Street.smaller, SOON_S),
    Trouble.DEFOCUSED: (Street.blurred, LATER_S),
    Trouble.MOVED: (Street.moved, LATER_S),
}


class Watched:
    """Feeds an Integrity and remembers when each trouble began."""

    def __init__(self, integrity: Integrity | None = None) -> None:
        self.integrity = integrity or Integrity()
        self.t_s = 100.0
        self.begun: dict[Trouble, float] = {}
        self.standing: set[Trouble] = set()
        self.suspected = False

    def show(self, pictures: Iterable[Image], *, anew: bool = False) -> float:
        """Show pictures; return when the first one was shown."""
        began_s = self.t_s
        for picture in pictures:
            verdict = self.integrity.take(picture, self.t_s, anew=anew)
            holds = {trouble for trouble, state in verdict.states.items() if state}
            for trouble in holds - self.standing:
                self.begun.setdefault(trouble, self.t_s)
            self.standing, self.suspected = holds, verdict.suspected
            self.t_s += STEP_S
        return began_s


@pytest.mark.parametrize("trouble", FAULTS)
def test_each_fault_is_named_in_time_and_no_other(trouble: Trouble) -> None:
    """And it ends within three seconds of the first good picture."""
    street, watched = Street(), Watched()
    spoiled, allowed_s = FAULTS[trouble]
    watched.show(street.picture() for _ in range(25))
    began_s = watched.show(spoiled(street) for _ in range(50 if allowed_s == LATER_S else 12))
    assert set(watched.begun) == {trouble}
    assert watched.begun[trouble] - began_s <= allowed_s
    watched.show(street.picture() for _ in range(15))
    assert watched.standing == set()


@pytest.mark.parametrize("degrees", [1.0, 3.0, 5.0])
def test_a_camera_that_is_turned_about_its_axis_is_moved_and_not_out_of_focus(degrees: float) -> None:
    """Its fine structure is all there, at another place; a degree, 1 % of the width at the corners, is nothing."""
    street, watched = Street(), Watched()
    watched.show(street.picture() for _ in range(25))
    began_s = watched.show(street.moved(part=0.0, degrees=degrees) for _ in range(45))
    assert set(watched.begun) == (set() if degrees == 1.0 else {Trouble.MOVED})
    assert watched.begun.get(Trouble.MOVED, began_s) - began_s <= LATER_S


@pytest.mark.parametrize("hz", [0.1, 1.0])
def test_a_camera_that_sways_on_its_pole_is_neither_moved_nor_out_of_focus(hz: float) -> None:
    """By 0.6 % of the picture's width to each side, against a reference of one end too; what is blurred is named."""
    street = Street()

    def swayed(t_s: float, *, soft: bool = False) -> Image:
        across = 0.00625 * street.ground.shape[1] * np.cos(2 * np.pi * hz * t_s)
        way = np.array([[1, 0, across], [0, 1, 0.5 * across]], np.float32)
        scene = cv2.GaussianBlur(street.ground, (0, 0), 4.8) if soft else street.ground
        return street.develop(cv2.warpAffine(scene, way, scene.shape[1::-1], borderMode=cv2.BORDER_REFLECT))

    watched = Watched(Integrity(reference=bands_of(small_grey(swayed(0.0)))))
    for _ in range(25):
        watched.show([street.picture()])
    for _ in range(60):
        watched.show([swayed(watched.t_s)])
        assert not watched.suspected
    began_s = watched.t_s
    for _ in range(50):
        watched.show([swayed(watched.t_s, soft=True)])
    assert set(watched.begun) == {Trouble.DEFOCUSED}
    assert watched.begun[Trouble.DEFOCUSED] - began_s <= LATER_S


@pytest.mark.parametrize("loop", [1, 7])
def test_pixels_that_come_again_are_frozen(loop: int) -> None:
    """One picture for ever, and seven in a circle, noise and all."""
    street, watched = Street(), Watched()
    watched.show(street.picture() for _ in range(30))
    old = [street.picture() for _ in range(loop)]
    watched.show(old)
    began_s = watched.show(old[at % loop] for at in range(12))
    assert watched.begun[Trouble.FROZEN] - began_s <= SOON_S
    watched.show(street.picture() for _ in range(5))
    assert watched.standing == set()


def test_a_clock_in_the_picture_hides_no_frozen_stream() -> None:
    """A few tiles change, the others do not."""
    street, watched = Street(), Watched()
    old = street.picture()

    def with_clock(at: int) -> Image:
        picture = old.copy()
        picture[4:20, 4:50] = (at * 7) % 255
        return picture

    watched.show(with_clock(at) for at in range(12))
    assert watched.standing == {Trouble.FROZEN}


def test_a_recording_that_begins_again_is_not_frozen() -> None:
    """Whoever plays a file in a loop says when it begins again."""
    street, watched = Street(), Watched()
    film = [street.picture() for _ in range(12)]
    for _ in range(3):
        watched.show(film[:1], anew=True)
        watched.show(film[1:])
    assert watched.begun == {}


@pytest.mark.parametrize("step", [-0.03, 0.03])
def test_light_and_fog_that_come_and_go_are_no_fault(step: float) -> None:
    """From day to night or into fog within a minute."""
    street, watched = Street(), Watched()
    for at in range(60):
        part = min(1.0, abs(step) * at / 1.8)
        watched.show([street.picture(light=1 - 0.85 * part) if step < 0 else street.picture(fog=0.8 * part)])
    assert watched.begun == {}


def test_lamps_that_go_out_at_once_are_no_cover() -> None:
    """Little light is left, and all structure."""
    street, watched = Street(noise=1.0), Watched()
    watched.show(street.picture() for _ in range(25))
    watched.show(street.picture(light=0.2) for _ in range(30))
    assert watched.begun == {}


def test_a_lorry_before_half_of_the_picture_is_no_cover() -> None:
    """It stands there for as long as it likes."""
    street, watched = Street(), Watched()
    watched.show(street.picture() for _ in range(30))
    lorry = street.ground.copy()
    lorry[:, :230] = 90.0
    watched.show(street.develop(lorry) for _ in range(30))
    assert watched.begun == {}


@pytest.mark.parametrize("light", [1.0, 0.25])
def test_a_camera_that_starts_turned_away_is_found_by_its_reference(light: float) -> None:
    """By day and by night, against a picture of the day."""
    street = Street()
    reference = bands_of(small_grey(street.picture()))
    turned = Watched(Integrity(reference=reference))
    turned.show((street.moved() * light).astype(np.uint8) for _ in range(32))
    assert turned.standing == {Trouble.MOVED}
    straight = Watched(Integrity(reference=reference))
    straight.show((street.picture() * light).astype(np.uint8) for _ in range(32))
    assert straight.begun == {}


def test_a_camera_that_sinks_slowly_is_found_by_its_reference() -> None:
    """No two pictures differ, and a reference remembers."""
    street = Street()
    watched = Watched(Integrity(reference=bands_of(small_grey(street.picture()))))
    watched.show(street.moved(part=0.0006 * at, degrees=0) for at in range(75))
    assert watched.standing == {Trouble.MOVED}


def test_what_was_never_seen_is_unknown() -> None:
    """At first nothing is known, then that nothing is wrong."""
    street, integrity = Street(), Integrity()
    first = integrity.take(street.picture(), 0.0)
    assert {trouble for trouble, state in first.states.items() if state is None} >= {Trouble.MOVED, Trouble.DEFOCUSED}
    assert not first.doubted
    for at in range(1, 50):
        last = integrity.take(street.picture(), at * STEP_S)
    assert set(last.states.values()) == {False}


def test_a_picture_of_the_wrong_size_is_named_at_once() -> None:
    """When it is known how large they must be, the first one tells."""
    verdict = Integrity(size=(640, 360)).take(Street().picture(), 0.0)
    assert verdict.states[Trouble.SIZE] is True
    assert verdict.data[Trouble.SIZE] == {"found": [400, 224], "expected": [640, 360]}


def _hour(place: str, *, seed: int, spans: Iterable[tuple[float, float]]) -> dict[Trouble, float]:
    spec = CameraSpec(device="camera-1", place=place, berths=8)  # type: ignore[arg-type]
    scene = scene_of(spec, seed=seed, duration_s=3600)
    renderer = Renderer(scene, lens_of(spec), sky=SKIES["hour"], seed=seed)
    watched = Watched()
    for begin_s, end_s in spans:
        watched.show(renderer.frame(float(at)) for at in np.arange(begin_s, end_s, STEP_S))
    return watched.begun


@pytest.mark.long
def test_no_fault_is_named_in_an_hour_of_weather_and_night() -> None:
    """Every picture of it, at five a second."""
    assert _hour("hospital", seed=1, spans=[(0, 3600)]) == {}
