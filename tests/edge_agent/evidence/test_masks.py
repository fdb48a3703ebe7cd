"""Masks cover what they are to cover, and nothing of it can be seen through them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.evidence.masks import GREY, mask, movers, strangers
from tests.edge_agent.evidence.pictures import HEIGHT, PERSON, ROAD, WIDTH, street

BOXES = st.tuples(st.integers(-20, WIDTH), st.integers(-20, HEIGHT), st.integers(0, 80), st.integers(0, 80))


@settings(max_examples=30)
@given(st.lists(BOXES, max_size=5))
def test_every_pixel_of_every_box_is_flat(boxes: list[tuple[int, int, int, int]]) -> None:
    """Also of boxes that reach beyond the picture; the picture itself is left alone."""
    image = street()
    found = [(x, y, x + width, y + height) for x, y, width, height in boxes]
    masked = mask(image, zone=ROAD, boxes=found)
    for x0, y0, x1, y1 in found:
        assert (masked[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] == GREY).all()
    assert (image == street()).all()


def test_the_road_is_shown_and_the_rest_is_coarse() -> None:
    """Inside the zone every pixel is as it was; outside, what two pictures show differs only by blocks."""
    image = street(hole=True)
    masked = mask(image, zone=ROAD, boxes=[])
    assert (masked[160:200, 90:160] == image[160:200, 90:160]).all()
    outside = masked[:96, :]
    blocks = outside.reshape(8, 12, WIDTH, 3)
    assert (blocks == blocks[:, :1]).all()
    assert len(np.unique(outside.reshape(-1, 3), axis=0)) <= 8 * (WIDTH // 12 + 1)


def test_a_polygon_is_hidden() -> None:
    """An occupied berth is flat."""
    masked = mask(street(), zone=ROAD, boxes=[], hidden=[((100, 150), (140, 150), (140, 190), (100, 190))])
    assert (masked[152:188, 102:138] == GREY).all()


def test_what_comes_beside_the_zone_is_a_stranger_and_the_hole_is_none() -> None:
    """Nobody judges what lies beyond the road."""
    beside = (10, 130, 30, 170)
    (box,) = strangers(street(seed=3, hole=True, person=beside), street(seed=1), zone=ROAD)
    assert box[0] <= beside[0]
    assert box[1] <= beside[1]
    assert box[2] >= beside[2]
    assert box[3] >= beside[3]


def test_who_comes_and_goes_is_found_whole_and_what_stays_is_not() -> None:
    """Somebody who is in neither still is a mover, with all of the box; the hole is none."""
    stays = [street(seed=1, hole=True), street(seed=2)]
    (box,) = movers(street(seed=3, hole=True, person=PERSON), stays)
    assert box[0] <= PERSON[0]
    assert box[1] <= PERSON[1]
    assert box[2] >= PERSON[2]
    assert box[3] >= PERSON[3]
    assert movers(street(seed=4, hole=True), stays) == ()
    assert movers(street(seed=5), stays) == ()
