"""The structure of a picture in two bands, and how much of one picture's structure is found in another."""

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
WIDTH = 320  # px of the small picture that is looked at
GRID = (16, 9)  # blocks across and down
FLAT = 0.6  # grey levels of a band; a block below it has no structure
CLEAR = 1.5  # a block above it is one that can be missed


def small_grey(image: NDArray[np.uint8]) -> Grey:
    """Return ``image`` (BGR) in grey, WIDTH wide; averaging takes most of the noise."""
    height = max(GRID[1] * 4, round(image.shape[0] * WIDTH / image.shape[1]))
    small = cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)


class Bands(msgspec.Struct, frozen=True):
    """What a picture shows in fine and in coarse structure."""

    fine: Grey
    coarse: Grey


def bands_of(grey: Grey) -> Bands:
    """Return the bands; both are 0 where there is no structure, however bright."""
    near = cv2.GaussianBlur(grey, (0, 0), 1.0)
    middle = cv2.GaussianBlur(grey, (0, 0), 2.0)
    far = cv2.GaussianBlur(middle, (0, 0), 6.0)
    return Bands(grey - near, middle - far)


class Match(msgspec.Struct, frozen=True):
    """How much of a known structure is in a picture."""

    known: float  # share of blocks that have structure to be missed
    lost: float  # share of those in which it is not found
    flat: float  # share of those that have no structure at all now
    likeness: float  # -1 to 1; correlation of the whole
    fine_over_coarse: float  # how much of the fine structure is left in place, in proportion to the coarse; 1 is sharp
    fine_left: float  # how much fine structure there is, wherever it lies, in proportion to the coarse


def match(now: Bands, known: Bands, *, still: Bands | None = None) -> Match:
    """Compare ``now`` with what is ``known``; ``still`` is now without what moves, for the fine band."""
    both, own, old = (_blocks(one) for one in (now.coarse * known.coarse, now.coarse**2, known.coarse**2))
    clear = old > CLEAR**2
    flat = own < FLAT**2
    like = both / np.sqrt(np.maximum(own * old, 1e-6))
    lost = (like < LIKE) | flat
    count = max(1, int(clear.sum()))
    whole = float(both.sum() / np.sqrt(max(1e-6, float(own.sum()) * float(old.sum()))))
    return Match(
        known=float(clear.mean()),
        lost=float((lost & clear).sum()) / count,
        flat=float((flat & clear).sum()) / count,
        likeness=whole,
        fine_over_coarse=_sharpness(still or now, known),
        fine_left=_strength((still or now).fine, known.fine)
        / max(0.05, _strength((still or now).coarse, known.coarse)),
    )


LIKE = 0.4  # correlation of a block below which it shows something else


def _sharpness(now: Bands, known: Bands) -> float:
    """Return the share of the known fine structure that is there, in proportion to the coarse: light and fog cancel."""
    fine = _share(now.fine, known.fine)
    coarse = _share(now.coarse, known.coarse)
    return 1.0 if coarse < 0.05 else max(0.0, fine) / coarse


def sharpness_in_place(now: Bands, known: Bands) -> float:
    """Return how sharp a picture is beside the known one put where it is, as `Match.fine_over_coarse`.

    It is the known one that is moved: a part of a pixel costs fine structure, of which the picture has none to spare.
    """
    dx, dy, _ = shift_of(now.coarse, known.coarse)
    return _sharpness(now, Bands(shifted(known.fine, dx, dy), shifted(known.coarse, dx, dy)))


def _strength(now: Grey, known: Grey) -> float:
    return float(np.sqrt((now * now).sum() / max(1e-6, float((known * known).sum()))))


def _share(now: Grey, known: Grey) -> float:
    return float((now * known).sum()) / max(1e-6, float((known * known).sum()))


def _blocks(values: Grey) -> Grey:
    return cv2.resize(values, GRID, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def shift_of(now: Grey, known: Grey) -> tuple[float, float, float]:
    """Return by how many pixels ``now`` is displaced against ``known`` (right, down), and how sure: 0 to 1."""
    window = cv2.createHanningWindow((known.shape[1], known.shape[0]), cv2.CV_32F)
    (dx, dy), response = cv2.phaseCorrelate(known.copy(), now.copy(), window)  # it writes into what it is given
    return float(dx), float(dy), float(response)


def shifted(grey: Grey, dx: float, dy: float) -> Grey:
    """Return the picture displaced by so many pixels; what comes in from outside is 0."""
    way = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float32)
    return cv2.warpAffine(grey, way, (grey.shape[1], grey.shape[0]))  # type: ignore[return-value]


def likeness(one: Grey, two: Grey) -> float:
    """Return the correlation of two bands, -1 to 1."""
    return float((one * two).sum()) / max(1e-6, float(np.sqrt((one**2).sum() * (two**2).sum())))
