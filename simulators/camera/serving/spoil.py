"""What is wrong with a camera, done to its pictures."""

import cv2
import numpy as np

from simulators.camera.drawing.backdrop import Image
from simulators.camera.serving.faults import Fault

_BLUR = 0.012  # of the width: how far a point is spread
_SHIFT = 0.14  # of the width
_TURN = 4.0  # degrees


def spoil(picture: Image, fault: Fault | None, rng: np.random.Generator) -> Image:
    """Return what a camera with ``fault`` shows of a picture."""
    match fault:
        case Fault.BLACK:
            return np.asarray(np.clip(rng.normal(4, 2, picture.shape), 0, 255), np.uint8)
        case Fault.COVER:
            return _covered(picture, rng)
        case Fault.SHIFT:
            return _shifted(picture)
        case Fault.BLUR:
            sigma = picture.shape[1] * _BLUR
            return _grain(np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8), rng)
        case Fault.SIZE:
            half = picture.shape[1] // 2 // 16 * 16, picture.shape[0] // 2 // 8 * 8
            return np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.uint8)
    return picture


def _covered(picture: Image, rng: np.random.Generator) -> Image:
    """Return the inside of a bag: a little light from one side, nothing with an edge."""
    rows, columns = picture.shape[:2]
    slope = np.linspace(38, 74, columns)[None, :, None] + np.linspace(-8, 8, rows)[:, None, None]
    light = 0.25 + 0.75 * float(picture.mean()) / 110.0
    return _grain(np.asarray(np.broadcast_to(slope * min(1.2, light), picture.shape), np.uint8), rng)


def _shifted(picture: Image) -> Image:
    """Return what it sees after a knock: to one side and turned; what comes in is mirrored."""
    rows, columns = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), _TURN, 1.06)
    matrix[:, 2] += columns * _SHIFT, rows * _SHIFT / 2
    turned = cv2.warpAffine(picture, matrix, (columns, rows), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(turned, np.uint8)


def _grain(picture: Image, rng: np.random.Generator) -> Image:
    """Return the picture with the noise of a sensor, which no lens takes away."""
    noise = rng.normal(0, 2.0, picture.shape).astype(np.int16)
    return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)
