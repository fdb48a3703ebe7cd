"""What stays changed on a road is found, measured and classified; light, sway, noise and traffic are none of it."""

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from edge_agent.judge.finding import Finding
from edge_agent.vision.ground import ground_of
from edge_agent.vision.patches import Frame
from edge_agent.vision.polygon import area
from edge_agent.vision.road.before import RENEW_S
from edge_agent.vision.road.surface import Surface
from edge_agent.vision.road.view import view_of
from edge_agent.vision.road.watch import RoadWatch
from edge_agent.vision.zones import Zone, Zones
from tests.edge_agent.vision.asphalt import DARK, HEIGHT, HOLE_AT, POLYGON, ROAD, WIDTH, Brightness, asphalt

S = 1_000_000
LEAD = [asphalt(seed) for seed in range(6)]


class Rig:
    """A watch that is shown pictures; a second apart unless it is said otherwise."""

    def __init__(self, zones: Zones = ROAD, *, model: Brightness | None = None) -> None:
        self.model = model or Brightness()
        self.watch = RoadWatch(zones, self.model)
        self.t_us = 0
        self.found: list[Finding] = []

    def show(self, pictures: Iterable[Frame], *, step_us: int = S) -> list[str]:
        """Return the kinds of what was found."""
        now = len(self.found)
        for picture in pictures:
            self.found += self.watch.take(picture, self.t_us).findings
            self.t_us += step_us
        return [one.kind for one in self.found[now:]]

    @property
    def said(self) -> tuple[object, object]:
        """Return surface and reason."""
        values = self.watch.values("r")
        return values["surface"], values["surface_reason"]


def _holed(count: int) -> list[Frame]:
    return [asphalt(seed + 50, hole=True) for seed in range(count)]


def test_a_hole_is_found_where_it_is_and_measured() -> None:
    """Within four seconds, its area within a quarter, and it is over when the road is mended."""
    rig = Rig()
    assert rig.show(LEAD) == []
    assert rig.show(_holed(12)) == ["road.hole"]
    found = rig.found[0]
    assert found.t_us <= 10 * S
    assert found.data["since_us"] in (6 * S, 7 * S)
    assert found.data["area_m2"] == pytest.approx(30 * 26 * 0.05**2, rel=0.25)
    x0, y0, x1, y1 = found.data["box"]
    assert max(abs(x0 - HOLE_AT[0]), abs(y0 - HOLE_AT[1]), abs(x1 - HOLE_AT[2]), abs(y1 - HOLE_AT[3])) <= 5
    assert rig.said == ("hole", None)
    assert rig.show(LEAD * 3) == ["road.surface_restored"]
    assert rig.said == ("sound", None)


def test_a_lead_of_one_picture_without_noise_is_enough() -> None:
    """The same still twice, then the hole, the same still again and again."""
    rig = Rig()
    assert rig.show([LEAD[0]] * 2) == []
    assert rig.show([asphalt(0, hole=True)] * 8) == ["road.hole"]


@pytest.mark.parametrize("step_us", [200_000, 300 * S])
def test_light_noise_and_traffic_are_no_event(step_us: int) -> None:
    """Dusk, exposure that jumps, JPEG, vehicles that drive through, one that parks, and five minutes between looks."""
    rig = Rig()
    rig.show(LEAD, step_us=step_us)
    dusk = [asphalt(seed, gain=gain) for seed, gain in enumerate(np.linspace(1, 0.5, 15))]
    jumps = [asphalt(seed, gain=1.6 if seed % 3 else 0.7) for seed in range(12)]
    driven = [asphalt(seed, car=(20 + 24 * seed, 60, 110 + 24 * seed, 100)) for seed in range(9)]
    parked = [asphalt(seed, car=(60, 60, 150, 100)) for seed in range(15)]
    packed = [cv2.imdecode(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1) for one in LEAD]
    pictures = [*dusk, *jumps, *driven, *parked, *(one.astype(np.uint8) for one in packed)]
    assert rig.show(pictures, step_us=step_us) == []
    assert rig.said == ("sound", None)


def test_a_camera_that_sways_sees_the_same_road() -> None:
    """By two of its 1280 pixels any way, and the hole is found all the same."""
    rng = np.random.default_rng(4)
    polygon = tuple((4 * x, 4 * y) for x, y in POLYGON)
    rig = Rig(Zones(4 * WIDTH, 4 * HEIGHT, (Zone("r", "road", polygon, m_per_px=0.0125),)))

    def sway(picture: Frame) -> Frame:
        large = cv2.resize(picture, (4 * WIDTH, 4 * HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
        return np.roll(large, tuple(rng.integers(-2, 3, 2)), (0, 1))

    assert rig.show(sway(asphalt(seed)) for seed in range(10)) == []
    assert rig.model.asked < 10
    assert rig.show(sway(one) for one in _holed(6)) == ["road.hole"]


@pytest.mark.parametrize("period", [5.0, 19.0])
def test_a_camera_that_swings_on_its_pole_is_not_moved(period: float) -> None:
    """By 0.6 % of the picture's width to each side, which is more than a camera that was moved may be beside."""
    polygon = tuple((2 * x, 2 * y) for x, y in POLYGON)
    rig = Rig(Zones(2 * WIDTH, 2 * HEIGHT, (Zone("r", "road", polygon, m_per_px=0.025),)))
    said = set()

    def swing(number: int, *, hole: bool) -> Frame:
        large = cv2.resize(asphalt(number, hole=hole), (2 * WIDTH, 2 * HEIGHT), interpolation=cv2.INTER_CUBIC)
        across = 4 * np.cos(2 * np.pi * number / period)
        way = np.array([[1, 0, across], [0, 1, 0.5 * across]], np.float32)
        return cv2.warpAffine(large, way, (2 * WIDTH, 2 * HEIGHT), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)

    for number in range(30):
        assert rig.show([swing(number, hole=False)], step_us=200_000) == []
        said.add(rig.said)
    assert said == {("unknown", "young"), ("sound", None)}
    assert rig.show((swing(number, hole=True) for number in range(30, 75)), step_us=200_000) == ["road.hole"]


def test_a_camera_that_was_moved_is_unknown_until_it_is_back() -> None:
    """Displaced by a twentieth of the picture; no event comes of it."""
    rig = Rig()
    rig.show(LEAD)
    assert rig.show(np.roll(one, (8, 16), (0, 1)) for one in LEAD * 2) == []
    assert rig.said == ("unknown", "moved")
    assert (rig.watch.values("r")["avoided"], rig.watch.values("r")["avoided_reason"]) == ("unknown", "moved")
    rig.show(LEAD)
    assert rig.said == ("sound", None)


def test_another_picture_is_unknown_for_a_minute_and_then_what_is_there() -> None:
    """Somebody turned it for good."""
    rig = Rig()
    rig.show(LEAD)
    other = [np.ascontiguousarray(one[::-1, ::-1]) for one in LEAD]
    assert rig.show(other * 5) == []
    assert rig.said == ("unknown", "other")
    assert rig.show(other * 8) == []
    assert rig.said == ("sound", None)


def test_a_night_without_light_is_unknown() -> None:
    """And the road is known again in the morning."""
    rig = Rig()
    rig.show(LEAD)
    assert rig.show(asphalt(seed, gain=0.08) for seed in range(5)) == []
    assert rig.said == ("unknown", "dark")
    assert rig.show(LEAD) == []
    assert rig.said == ("sound", None)


def test_too_much_at_once_is_unknown_and_then_the_road() -> None:
    """Two thirds of the zone; a hole that was told before is not learned as road."""
    corner = ((100.0, 80.0), (240.0, 80.0), (240.0, 180.0), (100.0, 180.0))
    rig = Rig(Zones(WIDTH, HEIGHT, (Zone("r", "road", corner, m_per_px=0.05),)))
    rig.show(LEAD)
    assert rig.show(_holed(6)) == ["road.hole"]
    sheet = np.random.default_rng(3).integers(150, 250, (110, 150, 3)).astype(np.uint8)
    covered = _holed(16)
    for picture in covered:
        kept = picture[90:136, 126:184].copy()
        picture[75:185, 95:245] = sheet
        picture[90:136, 126:184] = kept
    assert rig.show(covered[:4]) == []
    assert rig.said in (("unknown", "changed"), ("unknown", "other"))
    rig.show(covered * 5)
    assert rig.said == ("hole", None)


def test_a_zone_without_scale_or_model_is_unknown_and_says_why() -> None:
    """No area is guessed, and the other zones are judged."""
    bare = Zone("bare", "road", POLYGON)
    rig = Rig(Zones(WIDTH, HEIGHT, (*ROAD.zones, bare)))
    rig.show(LEAD)
    assert rig.said == ("sound", None)
    assert dict(rig.watch.values("bare")) == {
        "surface": "unknown", "surface_reason": "scale", "changed_m2": None,
        "avoided": "unknown", "avoided_reason": "scale",
    }  # fmt: skip
    blind = RoadWatch(ROAD, None)
    blind.take(LEAD[0], 0)
    assert blind.values("r")["surface_reason"] == "model"


def test_a_picture_of_another_size_is_unknown() -> None:
    """Zones are never scaled by a guess."""
    rig = Rig()
    rig.show(LEAD)
    assert rig.show([np.zeros((100, 100, 3), np.uint8)]) == []
    assert rig.said == ("unknown", "size")


def test_the_picture_before_shows_the_road_without_what_changed() -> None:
    """What the model and the evidence are given: the hole is in none of its pixels, the rest is of now."""
    surface = Surface(ROAD, Brightness())
    for at, picture in enumerate([*LEAD, *_holed(10)]):
        seen = surface.look(picture, round(at * RENEW_S * S))
    x0, y0, x1, y1 = HOLE_AT
    assert float(seen.before[y0:y1, x0:x1].mean()) > 2 * DARK
    assert seen.faults == {}
    assert seen.movers == ()


def test_what_moves_is_told_and_is_no_blob() -> None:
    """A vehicle that passes is covered on evidence."""
    surface = Surface(ROAD, Brightness())
    for at, picture in enumerate(LEAD):
        surface.look(picture, at * S)
    seen = surface.look(asphalt(9, car=(60, 60, 150, 100)), 6 * S)
    assert seen.blobs == {"r": ()}
    ((x0, y0, x1, y1),) = seen.movers
    assert (x0 <= 62, y0 <= 62, x1 >= 148, y1 >= 98) == (True,) * 4


def test_the_ground_of_a_pixel_is_measured_in_perspective() -> None:
    """Four points on the road: the zone's pixels add up to its area."""
    points = ((100.0, 20.0, 0.0, 40.0), (200.0, 20.0, 8.0, 40.0), (300.0, 220.0, 8.0, 0.0), (20.0, 220.0, 0.0, 0.0))
    zone = Zone("r", "road", ((100, 20), (200, 20), (300, 220), (20, 220)), ground=points)
    view, ground = view_of(zone, ROAD), ground_of(zone)
    assert view is not None
    assert ground is not None
    assert view.area_m2 == pytest.approx(area(ground.to_m(zone.polygon)))
    assert float(view.m2.sum()) == pytest.approx(320, rel=0.03)
    assert view.m2[5, 140] > 5 * view.m2[190, 140]


def test_traffic_is_measured_on_the_ground() -> None:
    """The foot of a vehicle lies where its lower edge is, 1.5 m deep, whatever its height; a hole drives nowhere."""
    surface = Surface(ROAD, Brightness())
    for at, picture in enumerate(LEAD):
        surface.look(picture, at * S)
    (mover,) = surface.look(asphalt(9, car=(60, 60, 150, 100)), 6 * S).traffic["r"]
    low, high = mover.outline.min(axis=0), mover.outline.max(axis=0)
    assert high[1] == pytest.approx(100 * 0.05, abs=0.3)
    assert low[1] == pytest.approx(high[1] - 1.5, abs=0.3)
    assert (low[0] > 3.0, high[0] < 7.5, mover.area_m2) == (True, True, pytest.approx(9.0, rel=0.25))
    for at in range(7, 14):
        seen = surface.look(asphalt(at, hole=True), at * S)
    assert seen.traffic == {"r": ()}
