"""Recordings with a pasted pothole are what they say, and held-back photographs are no training photographs."""

import sys
from pathlib import Path

import numpy as np
import pytest

from edge_agent.vision.zones import survey_zones
from tests.real_data import DATA

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "models"))

from road.frames import STYLES, pasted, zones_of  # noqa: E402  (scripts, not a package)
from road.paste import HELD_EVERY, Blend, Hole, Light, Outline, Style, lay, read_holes  # noqa: E402

QUAD = np.array([(60, 50), (140, 50), (150, 90), (50, 90)], float)


@pytest.fixture
def hole() -> Hole:
    """Return a dark round on light ground."""
    picture = np.full((100, 120, 3), 150, np.uint8)
    rows, columns = np.mgrid[0:100, 0:120]
    picture[((rows - 50) / 25) ** 2 + ((columns - 60) / 35) ** 2 < 1] = 40
    return Hole("drawn.jpg", picture, (20, 20, 100, 80), 0.4)


@pytest.mark.parametrize("blend", list(Blend))
@pytest.mark.parametrize("outline", list(Outline))
def test_a_hole_is_laid_where_it_is_said_to_lie(hole: Hole, outline: Outline, blend: Blend) -> None:
    """Well beyond the quad nothing changes; pasted and matched to a darker road, it is darker than that."""
    ground = np.full((140, 200, 3), 90, np.uint8)
    style = Style(outline, blend, Light.RING, 0.1)
    after, where = lay(ground, hole, QUAD, style, np.random.default_rng(1))
    far = np.ones(ground.shape[:2], bool)
    far[26:114, 26:174] = False
    assert (after[far] == 90).all()
    assert where[70, 100] > 0.9
    assert blend is not Blend.ALPHA or float(after[66:74, 92:108].mean()) < 40


def test_zones_of_ufpr05_are_its_aisles_and_of_others_the_whole_ground(tmp_path: Path) -> None:
    """Both are zones of kind road with a scale."""
    for shape, count in (((720, 1280, 3), 2), ((360, 640, 3), 1)):
        path = tmp_path / "zones.json"
        path.write_bytes(zones_of(shape))
        read = survey_zones(path)
        assert not read.faults
        assert [(one.kind, one.m_per_px) for one in read.sound.zones] == [("road", 0.035)] * count


@pytest.mark.skipif(not (DATA / "images" / "potholes").is_dir(), reason=f"{DATA} holds no photographs of potholes")
def test_held_back_photographs_are_every_fifth() -> None:
    """Others are trained with; of a pothole there is a frame in each style."""
    names = sorted(path.name for path in DATA.rglob("potholes/images/*.jpg"))
    held = read_holes(DATA, held=True, least=0.1)
    assert held
    assert {one.name for one in held} <= set(names[::HELD_EVERY])
    ground = np.full((720, 1280, 3), 100, np.uint8)
    made = list(pasted(held[:1], [ground], np.random.default_rng(2)))
    assert [one.style for one in made] == list(STYLES)
    assert all((one.holed != one.ground).any() for one in made)
