"""Whether a camera still looks where it did: its structure is found in place, at another place, or nowhere."""

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.structure import Bands, likeness, shift_of, shifted

LEAST_PX = 3.2  # of the 320 of the small picture: 1 % of the width; a pole in the wind moves less on average
SURE = 0.35  # likeness at the place where it is found
BETTER = 0.15  # by so much more like than in place
IN_PLACE = 0.45  # likeness that says: it looks where it did. Weather and traffic leave 0.6, a knock 0.3
POINTS, PATCH, THRESHOLD = 400, 21, 6  # of ORB
AGREE, AGREE_SHARE = 14, 0.25  # points that agree on one displacement, and which share of those matched
APART_PX = 3.0  # of a point from where the displacement puts it


class Place(msgspec.Struct, frozen=True):
    """What one look says."""

    moved: bool | None  # None: this picture cannot tell
    shift: tuple[float, float] | None = None  # small pixels of the picture's middle, right and down, when it is known
    likeness: float = 0.0  # in place


def place_of(now: Bands, known: Bands, *, closely: bool = False) -> Place:
    """Compare the still picture of ``now`` with what is ``known``; ``closely``: also when it is nearly in place."""
    here = likeness(now.coarse, known.coarse)
    dx, dy, _ = shift_of(now.coarse, known.coarse)
    if max(abs(dx), abs(dy)) >= LEAST_PX:
        there = likeness(shifted(now.coarse, -dx, -dy), known.coarse)
        if there >= SURE and there >= here + BETTER:
            return Place(True, (dx, dy), here)
    if here >= IN_PLACE and not closely:
        return Place(False, None, here)
    found = displacement(now, known)
    if found is None:
        return Place(False if here >= IN_PLACE else None, None, here)
    return Place(found[2] >= LEAST_PX, found[:2] if found[2] >= LEAST_PX else None, here)


def displacement(now: Bands, known: Bands) -> tuple[float, float, float] | None:
    """Return how far the middle moved (right, down), and the corner that moved most; None when no points agree."""
    orb = cv2.ORB.create(nfeatures=POINTS, patchSize=PATCH, edgeThreshold=PATCH // 2, fastThreshold=THRESHOLD)
    (old, old_words), (new, new_words) = (orb.detectAndCompute(_even(one), None) for one in (known, now))
    if old_words is None or new_words is None:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(old_words, new_words)
    if len(pairs) < AGREE:
        return None
    before = np.array([old[pair.queryIdx].pt for pair in pairs], dtype=np.float32)
    after = np.array([new[pair.trainIdx].pt for pair in pairs], dtype=np.float32)
    matrix, agree = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=APART_PX)
    count = 0 if agree is None else int(agree.sum())
    if matrix is None or count < AGREE or count < AGREE_SHARE * len(pairs):
        return None
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if not 0.5 < scale < 2.0:
        return None
    height, width = now.coarse.shape
    points = np.array([[width / 2, height / 2], [0, 0], [width, 0], [0, height], [width, height]])
    moves = points @ matrix[:, :2].T + matrix[:, 2] - points
    return float(moves[0, 0]), float(moves[0, 1]), float(np.abs(moves).max())


def _even(bands: Bands) -> NDArray[np.uint8]:
    """Return the structure as a picture in which weak and strong structure count alike."""
    both = bands.coarse + bands.fine
    strength = cv2.GaussianBlur(np.abs(both), (0, 0), 8.0) + 0.5
    picture: NDArray[np.uint8] = np.clip(128 + 50 * both / strength, 0, 255).astype(np.uint8)
    return picture
