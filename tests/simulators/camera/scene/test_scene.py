"""Scenes and their pictures: the truth is what is drawn."""

import random
from itertools import pairwise

import numpy as np
import pytest

from simulators.camera.drawing.renderer import Renderer
from simulators.camera.patches import labelled, patches
from simulators.camera.places import car_park, kerb, road
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Scene
from simulators.camera.scene.weather import SKIES, Weather, weather_at
from simulators.camera.serving.faults import Fault
from simulators.camera.serving.spoil import spoil


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_truth_of_berths_is_where_vehicles_stand(seed: int) -> None:
    """At any moment the berths that are occupied have a vehicle that stands in their middle, the others none."""
    for scene in (car_park.car_park(seed), kerb.kerb(seed)):
        for t_s in range(0, 580, 20):
            standing = [one.spot for one in scene.placed(t_s) if not one.moving]
            for berth in scene.berths:
                near = [spot for spot in standing if abs(spot.x - berth.x) < 0.6 and abs(spot.y - berth.y) < 0.6]
                assert len(near) == (scene.occupied(berth.id, t_s) is not None)


@pytest.mark.parametrize("seed", range(1, 6))
def test_stays_of_a_berth_do_not_overlap(seed: int) -> None:
    """One vehicle at a time, and time between two to come and go."""
    for scene in (car_park.car_park(seed), kerb.kerb(seed)):
        for berth in scene.berths:
            stays = [stay for stay in scene.stays if stay.berth == berth.id]
            assert all(one.to_s + 12 < two.from_s for one, two in pairwise(stays))


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_queue_grows_and_shrinks(seed: int) -> None:
    """It is as long as the standing vehicles reach; no two of them are in one place."""
    scene = road.hospital(seed, duration_s=300, flow=road.Flow(opens_s=200))
    assert scene.queue_m(10) < scene.queue_m(190)
    assert scene.queue_m(190) > 50
    assert scene.queue_m(299) < scene.queue_m(190)
    for t_s in range(20, 300, 20):
        line = [(one.spot.x, one.vehicle.size[0]) for one in scene.placed(t_s) if abs(one.spot.y - 8.0) < 1]
        line.sort(reverse=True)
        gaps = [a[0] - a[1] / 2 - (b[0] + b[1] / 2) for a, b in pairwise(line)]
        assert min(gaps, default=1.0) > 0


def test_a_picture_is_a_function_of_seed_and_moment() -> None:
    """Another renderer draws the same one; another moment has other noise."""
    scene = kerb.kerb(1)
    one, two = (Renderer(scene, kerb.LENS, seed=1) for _ in range(2))
    assert np.array_equal(one.frame(12.0), two.frame(12.0))
    assert not np.array_equal(one.frame(12.0), one.frame(12.2))
    assert one.frame(0.0).shape == (360, 640, 3)


@pytest.mark.parametrize("sky", ["clear", "fog", "snow", "rainy-night"])
def test_vehicles_are_seen_under_every_sky(sky: str) -> None:
    """Taking away the vehicles changes the berths where they stand, and hardly the others."""
    scene = car_park.car_park(3)
    empty = Scene("car-park", scene.seed, scene.berths, markings=scene.markings, kerb_y=24.0, front_y=28.0)
    with_, without = (Renderer(one, car_park.LENS, sky=SKIES[sky], seed=1) for one in (scene, empty))
    difference = np.abs(with_.frame(100).astype(int) - without.frame(100)).mean(axis=2)
    zones = with_.zones()
    changed = {name: _mean(difference, outline) for name, outline in zones.items()}
    taken = [value for name, value in changed.items() if scene.occupied(name, 100)]
    free = [value for name, value in changed.items() if not scene.occupied(name, 100)]
    assert min(taken) > 1.5 * float(np.median(free))


def _mean(difference: np.ndarray, outline: list[tuple[float, float]]) -> float:
    points = np.array(outline)
    (x, y), (dx, dy) = points.mean(axis=0), points.max(axis=0) - points.min(axis=0)
    rows, columns = slice(int(y - dy / 4), int(y + dy / 4) + 1), slice(int(x - dx / 8), int(x + dx / 8) + 1)
    return float(difference[rows, columns].mean())


def test_a_lens_puts_the_ground_where_its_matrix_does() -> None:
    """Two ways to the same pixel, and what is farther is higher in the picture."""
    lens = Lens(at=(3.0, -5.0, 9.0), yaw=12.0, pitch=30.0)
    rng = random.Random(1)
    for _ in range(20):
        x, y = rng.uniform(-10, 10), rng.uniform(5, 40)
        u, v, w = lens.ground_matrix() @ (x, y, 1.0)
        assert np.allclose(lens.project(np.array([[x, y, 0.0]]))[0], (u / w, v / w))
    assert lens.project(np.array([[0.0, 40.0, 0.0]]))[0][1] < lens.project(np.array([[0.0, 10.0, 0.0]]))[0][1]


def test_weather_changes_slowly() -> None:
    """An hour of it has night, rain, fog and snow, and no jump."""
    hour = [weather_at(SKIES["hour"], float(t_s)) for t_s in range(3600)]
    for name in ("dark", "rain", "fog", "snow", "white"):
        values = [getattr(weather, name) for weather in hour]
        assert max(values) > 0.6
        assert max(abs(a - b) for a, b in pairwise(values)) < 0.02
    assert weather_at(SKIES["night"], 5.0) == Weather(dark=1.0)


def test_faults_of_pictures() -> None:
    """Black is black, a cover has no edges, a blur has few, a knock moves, another size is another size."""
    picture = Renderer(kerb.kerb(1), kerb.LENS, sky=SKIES["clear"], seed=1).frame(20.0)
    rng = np.random.default_rng(1)
    shown = {fault: spoil(picture, fault, rng) for fault in Fault}
    assert shown[Fault.BLACK].mean() < 8
    assert shown[Fault.SIZE].shape == (176, 320, 3)
    assert _edges(shown[Fault.COVER]) < _edges(shown[Fault.BLUR]) < 0.5 * _edges(picture)
    assert np.abs(shown[Fault.SHIFT].astype(int) - picture).mean() > 10
    assert all(np.array_equal(shown[fault], picture) for fault in (Fault.STALL, Fault.RATE, Fault.RESET))


def _edges(picture: np.ndarray) -> float:
    small = picture[:352, :640].reshape(44, 8, 80, 8, 3).mean(axis=(1, 3, 4))
    return float(np.abs(np.diff(small, axis=1)).mean())


def test_patches_have_both_labels_and_differ() -> None:
    """The same seed gives the same ones; occupied ones have more of everything in them."""
    found = list(patches(3, 16, size=32))
    assert len(found) == 16
    assert 3 <= sum(stands for _, stands in found) <= 13
    again = next(iter(patches(3, 1, size=32)))
    assert np.array_equal(found[0][0], again[0])
    assert found[0][1] == again[1]
    assert all(patch.shape == (32, 32, 3) for patch, _ in found)


def test_labelled_pictures_have_their_zones_inside() -> None:
    """Every outline lies within the picture."""
    for one in labelled(5, 3):
        rows, columns = one.picture.shape[:2]
        assert all(0 <= x < columns and 0 <= y < rows for outline, _ in one.zones for x, y in outline)
