"""A car park over photographs: its truth is the labels and what was pasted; without photographs one is drawn."""

from pathlib import Path

import numpy as np

from simulators.camera.spec import CameraSpec, is_real, lot_of, scene_of, zones_of
from tests.simulators.camera.drawing.photographed import car_park


def test_what_is_true_of_a_car_park_over_photographs(tmp_path: Path) -> None:
    """A labelled car stays for ever, in a free space cars come and go, a space without a label is no zone."""
    spec = CameraSpec(device="lot-1", place="car-park", photographs=True, folder=str(car_park(tmp_path)))
    assert is_real(spec)
    scene = scene_of(spec, seed=3, duration_s=900.0)
    zones = {str(zone["id"]): zone for zone in zones_of(spec, scene)}
    assert [berth.id for berth in scene.berths] == list(zones) == ["1", "2"]
    points = np.array([zone["polygon"] for zone in zones.values()])
    assert points.min() >= 0
    assert points[..., 0].max() <= 640
    assert points[..., 1].max() <= 360
    assert all(scene.occupied("1", t_s) is not None for t_s in (-5.0, 0.0, 800.0))
    states = [scene.occupied("2", float(t_s)) is not None for t_s in range(900)]
    assert {True, False} == set(states)
    lot = lot_of(spec, seed=3, duration_s=900.0)
    assert [lot.occupied("2", float(t_s)) is not None for t_s in range(900)] == states
    assert lot.frame(1.0).shape == (360, 640, 3)


def test_without_photographs_it_is_drawn(tmp_path: Path) -> None:
    """A machine that has none plays the same scenario."""
    spec = CameraSpec(device="lot-1", place="car-park", photographs=True, folder=str(tmp_path / "away"), berths=4)
    assert not is_real(spec)
    assert scene_of(spec, seed=3, duration_s=60.0).kind == "car-park"
