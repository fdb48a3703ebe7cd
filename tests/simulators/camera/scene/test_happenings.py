"""What befalls a simulated road is drawn where and as large as the truth says, and looks like what it claims."""

import math
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from simulators.camera.drawing.backdrop import Image, ground_places
from simulators.camera.drawing.overlay import Overlay
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.places import aisle, street
from simulators.camera.scene.happenings import AREAS_M2, Happening, Kind, draw_happening
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Surface
from simulators.camera.scene.weather import SKIES
from simulators.camera.spec import CameraSpec, ground_of, is_real, lens_of, scene_of, zones_of
from tests.real_data import DATA

LENS = street.LENSES[0]
ROAD = street.street(1).surfaces[0]


def _asphalt() -> Image:
    """Return a grey picture with grain, without anything else."""
    rng = np.random.default_rng(1)
    return np.clip(rng.normal(100, 6, (LENS.height, LENS.width, 1)).repeat(3, axis=2), 0, 255).astype(np.uint8)


def _happens(kind: Kind, seed: int, road: Surface = ROAD) -> Happening:
    return draw_happening(kind, road.spots, heading=road.heading, begin_s=10.0, seed=f"{seed}")


def _laid(what: Happening, t_s: float) -> Image:
    overlay = Overlay(LENS)
    overlay.happen(what)
    return overlay.lay(_asphalt(), t_s)


def _round(what: Happening, lens: Lens) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Return the pixels of a round in the middle of a happening, a third as large."""
    x, y = ground_places(lens)
    return np.asarray((x - what.x) ** 2 + (y - what.y) ** 2 < what.area_m2 / math.pi / 3)


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_hole_is_as_large_and_there_where_the_truth_says(seed: int) -> None:
    """What has become much darker measures as many square metres, round the place; it grows within two seconds."""
    what = _happens(Kind.HOLE, seed)
    assert AREAS_M2[Kind.HOLE][0] <= what.area_m2 <= AREAS_M2[Kind.HOLE][1]
    changed = _laid(what, 12.0).mean(axis=2) < 70
    x, y = ground_places(LENS)
    dx, dy = (np.abs(np.gradient(place, axis=axis)) for place, axis in ((x, 1), (y, 0)))
    measured = float((dx * dy)[changed].sum())
    assert 0.6 * what.area_m2 < measured < 1.4 * what.area_m2
    assert math.hypot(float(x[changed].mean()) - what.x, float(y[changed].mean()) - what.y) < 0.8
    assert np.array_equal(_laid(what, 9.9), _asphalt())
    assert 0 < what.area_at(10.5) < what.area_at(11.0) < what.area_at(12.0) == what.area_m2


def test_the_road_shows_through_a_shadow_and_not_through_a_hole() -> None:
    """The grain of the asphalt is found again below a shadow, darker; where a hole is it is gone."""
    likeness = {}
    for kind in (Kind.SHADOW, Kind.HOLE):
        what = _happens(kind, 3)
        inside = _round(what, LENS)
        before, after = (picture[inside][:, 0].astype(float) for picture in (_asphalt(), _laid(what, 20.0)))
        assert after.mean() < 0.75 * before.mean()
        likeness[kind] = float(np.corrcoef(before, after)[0, 1])
    assert likeness[Kind.SHADOW] > 0.8
    assert abs(likeness[Kind.HOLE]) < 0.3


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.MENDED])
def test_everything_that_befalls_a_road_is_seen_on_it(kind: Kind) -> None:
    """Within half a minute a picture differs at the place from one of a road to which nothing happens."""
    scene = street.street(2, traffic_s=1e6)
    sky = SKIES["night" if kind is Kind.HEADLIGHTS else "overcast"]
    still, other = (Renderer(scene, LENS, sky=sky, seed=1) for _ in range(2))
    what = _happens(kind, 2, scene.surfaces[0])
    other.happen(what)
    inside = _round(what, LENS)
    seen = [float(np.abs(other.frame(t_s).astype(int) - still.frame(t_s))[inside].mean()) for t_s in (5, 20, 35)]
    assert seen[0] == 0
    assert max(seen[1:]) > 8


def test_a_road_that_is_mended_looks_as_before_and_may_break_in_again() -> None:
    """At its time and not sooner; what happens after it is seen."""
    overlay = Overlay(LENS)
    hole = _happens(Kind.HOLE, 3)
    overlay.happen(hole)
    overlay.happen(msgspec.structs.replace(_happens(Kind.MENDED, 3), begin_s=30.0))
    overlay.happen(msgspec.structs.replace(hole, begin_s=50.0))
    sound = _asphalt()
    seen = {t_s: bool((overlay.lay(_asphalt(), t_s) != sound).any()) for t_s in (5.0, 20.0, 30.0, 49.0, 55.0)}
    assert seen == {5.0: False, 20.0: True, 30.0: False, 49.0: False, 55.0: True}
    assert [number for number, _ in overlay.there(55.0)] == [1, 2]


def test_traffic_bends_round_a_hole_and_not_round_a_shadow() -> None:
    """No vehicle's middle comes to within its half width of the hole's edge; far away nobody turns."""
    hole = Happening(Kind.HOLE, 0.0, 0.0, 0.0, 0.0, math.pi)
    shadow = Happening(Kind.SHADOW, 0.0, 0.0, 0.0, 0.0, math.pi)
    for heading in (0.0, 1.0, math.pi):
        for off_m in (-1.2, 0.3, 2.0):
            place = -math.sin(heading) * off_m, math.cos(heading) * off_m
            assert math.hypot(*hole.bent(*place, heading, t_s=5.0)) >= 2.4
            assert shadow.bent(*place, heading, t_s=5.0) == place
            assert hole.bent(*place, heading, t_s=-1.0) == place
            far = place[0] + 20 * math.cos(heading), place[1] + 20 * math.sin(heading)
            assert math.dist(hole.bent(*far, heading, t_s=5.0), far) < 0.01


def test_the_gang_moves_and_its_hole_does_not() -> None:
    """People walk about: two moments differ beside the manhole, at which they do not."""
    scene = street.street(2, traffic_s=1e6)
    renderer = Renderer(scene, LENS, seed=1)
    what = _happens(Kind.GANG, 5)
    renderer.happen(what)
    one, two = (renderer.frame(t_s).astype(int) for t_s in (20.0, 23.0))
    x, y = ground_places(LENS)
    near = (x - what.x) ** 2 + (y - what.y) ** 2 < 9.0
    assert (np.abs(one - two).max(axis=2)[near] > 60).sum() > 100


@pytest.mark.parametrize("view", [1, 2])
def test_a_roads_zone_lies_in_the_picture_and_its_ground_fits(view: int) -> None:
    """Four points and more measured on the road give the metres of any other place on it."""
    spec = CameraSpec("cam", place="road", view=view)
    scene = scene_of(spec, seed=1, duration_s=60)
    (zone,) = zones_of(spec, scene)
    points = np.array(zone["ground"], np.float64)
    assert (points[:, :2] > 0).all()
    assert (points[:, :2] < (639, 359)).all()
    matrix, _ = cv2.findHomography(points[:, :2], points[:, 2:])
    for spot in scene.surfaces[0].spots:
        (pixel,) = lens_of(spec).on_ground([spot])
        seen = matrix @ np.array([*pixel, 1.0])
        assert math.dist(seen[:2] / seen[2], spot) < 0.01


def test_without_photographs_a_road_is_drawn(tmp_path: Path) -> None:
    """The scenario plays on; the camera program and the stage agree about it."""
    spec = CameraSpec("cam", place="road", photographs=True, folder=str(tmp_path))
    assert not is_real(spec)
    scene = scene_of(spec, seed=1, duration_s=60)
    assert (scene.kind, ground_of(spec, scene)) == ("road", None)


@pytest.mark.parametrize("view", [1, 2, 3])
def test_a_road_over_photographs_shows_them(view: int) -> None:
    """The picture is the photograph's but for noise and what happens; the zone and its places lie in it."""
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}")
    spec = CameraSpec("cam", place="road", view=view, photographs=True, folder=str(DATA / "images" / "pklot_ufpr05"))
    scene = scene_of(spec, seed=1, duration_s=60)
    ground = ground_of(spec, scene)
    assert ground is not None
    renderer = Renderer(scene, lens_of(spec), seed=1, ground=ground)
    what = _happens(Kind.HOLE, view, scene.surfaces[0])
    renderer.happen(what)
    assert float(np.median(np.abs(renderer.frame(5.0).astype(int) - ground))) < 6
    after = renderer.frame(20.0)[_round(what, lens_of(spec))]
    assert after.mean() < 0.75 * ground[_round(what, lens_of(spec))].mean()
    outline = np.array(zones_of(spec, scene)[0]["polygon"], np.float32)
    for pixel in lens_of(spec).on_ground(list(scene.surfaces[0].spots)):
        assert cv2.pointPolygonTest(outline, pixel, measureDist=True) > 12
    assert aisle.have_photographs(Path(spec.folder))
