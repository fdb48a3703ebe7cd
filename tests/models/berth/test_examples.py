"""What the berth model learns from: the same seed gives the same patches, and their answers are what was drawn."""

from pathlib import Path

import cv2
import numpy as np


def test_scenes_are_drawn_alike_and_say_how_much_is_taken() -> None:
    """A canvas, a polygon of four corners and a share; both answers occur."""
    from berth.render import SIZE, scene

    ground = np.full((SIZE, SIZE, 3), 110, np.uint8)
    scenes = [scene(ground, np.random.default_rng(seed)) for seed in range(30)]
    again, polygon, taken = scene(ground, np.random.default_rng(7))
    assert (again == scenes[7][0]).all()
    assert (polygon == scenes[7][1]).all()
    assert polygon.shape == (4, 2)
    assert taken == scenes[7][2]
    shares = [share for _, _, share in scenes]
    assert min(shares) < 0.16
    assert max(shares) > 0.5
    assert (ground == 110).all()


def test_a_car_is_drawn_where_the_berth_is() -> None:
    """On a real picture: within the polygon more changes than beside it."""
    from berth.render import SIZE, park

    canvas = np.full((SIZE, SIZE, 3), 110, np.uint8)
    polygon = np.array([[50.0, 60.0], [110.0, 60.0], [115.0, 100.0], [45.0, 100.0]])
    park(canvas, polygon, np.random.default_rng(3), own=True, beside=False)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(mask, [polygon.astype(np.int32)], 1)
    changed = (canvas != 110).any(axis=2)
    assert changed[mask == 1].mean() > 0.4
    assert changed[mask == 0].mean() < 0.2


def _space(at: int) -> str:
    left, right = 20 + 60 * at, 60 + 60 * at
    points = "".join(f'<point x="{x}" y="{y}"/>' for x, y in ((left, 20), (right, 20), (right, 50), (left, 50)))
    return f'<space id="{at}" occupied="{at % 2}">{points}</space>'


def test_examples_leave_a_camera_out_by_name(tmp_path: Path) -> None:
    """Each example names the cameras whose pictures are in it, so that none slips into the test of that camera."""
    from berth.examples import Source
    from berth.frames import read_frames

    for camera in ("north", "south"):
        spaces = "".join(_space(at) for at in range(4))
        (tmp_path / f"{camera}.xml").write_text(f'<parking id="{camera}">{spaces}</parking>', encoding="utf-8")
        noise = np.random.default_rng(1).integers(60, 200, (70, 280, 3)).astype(np.uint8)
        cv2.imwrite(str(tmp_path / f"{camera}.png"), noise)
    source = Source(read_frames(tmp_path), tmp_path, rng=np.random.default_rng(1))
    rng = np.random.default_rng(2)
    made = [one for one in (source.example(rng) for _ in range(40)) if one is not None]
    assert {one.patch.shape for one in made} == {(64, 64, 3)}
    assert {one.answer for one in made} >= {0.0, 1.0}
    named = {camera for one in made for camera in one.cameras}
    assert named == {"north", "south"}


def test_an_entry_takes_the_place_of_its_own_old_one(tmp_path: Path) -> None:
    """Each script writes its part of models.toml and leaves the other's."""
    from entries import put

    registry = tmp_path / "models.toml"
    put(registry, "# Written by models/a.py; x\n[a]\nn = 1\n")
    put(registry, "# Written by models/b.py; x\n[b]\nn = 1\n")
    put(registry, "# Written by models/a.py; y\n[a]\nn = 2\n")
    assert registry.read_text(encoding="utf-8").count("[a]") == 1
    assert "n = 2" in registry.read_text(encoding="utf-8")
    assert "[b]\nn = 1" in registry.read_text(encoding="utf-8")
