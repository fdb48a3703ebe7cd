"""The verdict over roads can fail: a collapse that is not seen, too late, as something else, or that never was."""

from typing import Any

from simulators.camera.scene.happenings import Happening, Kind
from simulators.camera.spec import CameraSpec
from simulators.scoring.surfaces import surface_checks
from simulators.scoring.told import told_by

ROAD = CameraSpec("road-1", place="road")
HOLE = Happening(Kind.HOLE, 0.0, 8.0, 0.0, 20.0, 2.0)


def _said(t_s: float, kind: str = "road.hole", area_m2: float = 2.2, camera: str = "road-1") -> dict[str, Any]:
    data = {"zone": "1", "area_m2": area_m2}
    return {"type": "event", "device": f"{camera}-1", "t_us": int(t_s * 1e6), "kind": kind, "data": data}


def _verdict(*facts: dict[str, Any], what: Happening = HOLE) -> dict[str, bool]:
    checks = surface_checks([ROAD], {"road-1": [what]}, told_by(facts, 0))
    return {check.name.partition(": ")[2]: check.good for check in checks}


def test_a_hole_that_is_seen_in_time_is_met() -> None:
    """Its kind, its area within a factor, its time."""
    assert _verdict(_said(25.0)) == {"nothing invented": True, "hole": True}


def test_what_has_not_stayed_yet_is_not_asked_for() -> None:
    """Water that still spreads: 4 s after it broke out a fifth of it has stayed for 3 s; all of it is the most."""
    flood = Happening(Kind.FLOOD, 0.0, 8.0, 0.0, 20.0, 10.0)
    told = {area_m2: _verdict(_said(24.0, "road.water", area_m2), what=flood)["flood"] for area_m2 in (0.5, 4.0, 21.0)}
    assert told == {0.5: False, 4.0: True, 21.0: False}


def test_a_road_that_was_mended_is_told_to_be() -> None:
    """By what is said after it."""
    mended = Happening(Kind.MENDED, 0.0, 8.0, 0.0, 20.0, 2.0)
    assert _verdict(_said(31.0, "road.surface_restored"), what=mended)["mended"]
    assert not _verdict(_said(19.0, "road.surface_restored"), _said(25.0), what=mended)["mended"]


def test_what_is_late_small_or_something_else_is_not_met() -> None:
    """Also silence, and what another camera says."""
    wrong = [_said(31.0)], [_said(25.0, area_m2=0.5)], [_said(25.0, "road.water")], [], [_said(25.0, camera="road-2")]
    for facts in wrong:
        assert not _verdict(*facts)["hole"]


def test_what_is_found_before_anything_happened_is_invented() -> None:
    """A find after a look-alike is told, and decides nothing."""
    assert not _verdict(_said(12.0), _said(25.0))["nothing invented"]
    lorry = Happening(Kind.LORRY, 0.0, 8.0, 0.0, 20.0, 6.0)
    assert _verdict(_said(25.0, "road.surface_changed"), what=lorry) == {"nothing invented": True, "lorry": True}


def test_cameras_of_one_scene_are_asked_for_the_same_hole() -> None:
    """One that is not of the scene is not."""
    cameras = [CameraSpec(f"road-{n}", place="road", scene="s" * (n < 3)) for n in (1, 2, 3)]
    checks = {
        check.name: check.good for check in surface_checks(cameras, {"road-1": [HOLE]}, told_by([_said(25.0)], 0))
    }
    assert checks["road-1: hole"]
    assert not checks["road-2: hole"]
    assert "road-3: hole" not in checks


def test_a_drawn_road_in_place_of_photographs_is_said() -> None:
    """The scenario plays on without them, and says so."""
    spec = CameraSpec("road-1", place="road", photographs=True, folder="/nowhere")
    (background, _) = surface_checks([spec], {}, {})
    assert background.good
    assert background.found == "drawn: no photographs in /nowhere"
