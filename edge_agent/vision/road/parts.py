"""The parts of a road zone that stay changed or that move, and how much ground each covers."""

import cv2
import msgspec
import numpy as np

from edge_agent.judge.road.blob import Box
from edge_agent.judge.road.limits import LEAST_M2
from edge_agent.vision.road.background import Background
from edge_agent.vision.road.view import Mask, RoadView

LEAST_MOVER_M2 = 0.3  # a person
LARGE_M2 = 6.0  # what is larger may be weak light that hides a hole: its stronger parts are looked at
STRONG, EDGE = 75, 0.65  # percentile of a change's strength that stands for its inside; the share of it at its edge
STEEPER, STEEPEST = 1.5, 0.35  # of the logarithm of brightness; a vehicle differs by more all over


class Part(msgspec.Struct, frozen=True):
    """A part of a zone that stays changed."""

    box: Box  # in the frame
    area_m2: float
    since_s: float
    rows: slice  # of the view
    columns: slice
    mask: Mask
    likeness: float  # of its structure to what was there


def parts_of(view: RoadView, background: Background) -> list[Part]:
    """Return what stays changed and is large enough, the largest first."""
    found = _parts(view, background, background.stays, background.level * STEEPER)
    return sorted(found, key=lambda one: -one.area_m2)


def _parts(view: RoadView, background: Background, stays: Mask, level: float) -> list[Part]:
    """Return the parts of ``stays``; of one that is larger than a hole those that differ by more than ``level``."""
    found = []
    outlines, _ = cv2.findContours(stays, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        x, y, width, height = cv2.boundingRect(outline)
        rows, columns = slice(y, y + height), slice(x, x + width)
        if float(view.m2[rows, columns].sum()) < LEAST_M2:
            continue
        mask: Mask = np.zeros((height, width), np.uint8)
        cv2.drawContours(mask, [outline - np.array([x, y])], -1, 1, cv2.FILLED)
        area_m2 = float((view.m2[rows, columns] * mask).sum())
        if area_m2 > LARGE_M2 and level < STEEPEST:
            inner = np.zeros_like(stays)
            inner[rows, columns] = mask & stays[rows, columns] & (background.strength[rows, columns] > level)
            found += _parts(view, background, inner, level * STEEPER)
        elif area_m2 >= LEAST_M2:
            likeness = background.likeness(mask, rows, columns)
            since_s = background.since_s(mask, rows, columns)
            box = view.in_frame((x, y, x + width, y + height))
            m2 = _extent_m2(view, background, mask, (rows, columns))
            found.append(Part(box, m2, since_s, rows, columns, mask, likeness))
    return found


def _extent_m2(view: RoadView, background: Background, mask: Mask, at: tuple[slice, slice]) -> float:
    """Return the ground of a change without its rim, which the window over which differences are summed adds to it.

    At an edge half of the window differs, so the strength is the root of half of what it is inside.
    """
    strength = background.strength[at]
    inside = float(np.percentile(strength[mask > 0], STRONG))
    core = ((strength > EDGE * inside) & (mask > 0)).view(np.uint8)
    outlines, _ = cv2.findContours(core, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return float((view.m2[at] * filled).sum())


def movers_of(view: RoadView, moves: Mask) -> list[Box]:
    """Return what moves and is large enough."""
    outlines, _ = cv2.findContours(moves, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for outline in outlines:
        x, y, width, height = cv2.boundingRect(outline)
        if float(view.m2[y : y + height, x : x + width].sum()) >= LEAST_MOVER_M2:
            boxes.append(view.in_frame((x, y, x + width, y + height)))
    return boxes
