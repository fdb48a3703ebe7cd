"""Count how right answers about berths are: balanced accuracy with its interval, unknowns, calibration."""

from collections.abc import Sequence
from math import sqrt

import msgspec
import numpy as np

Z = 1.96  # 95 %


class Answer(msgspec.Struct, frozen=True):
    """What was said of one space, and what was true."""

    camera: str
    occupied: bool  # the truth
    said: bool | None  # None: unknown
    sure: float | None = None  # the probability of occupied, when there was one


class Score(msgspec.Struct, frozen=True):
    """A row of the table."""

    occupied: int  # spaces
    free: int
    balanced: float  # the mean of both recalls; of one class its recall; unknown is wrong
    low: float
    high: float
    unknown: float  # share
    error: float | None  # expected calibration error

    def __str__(self) -> str:
        error = "     " if self.error is None else f"{self.error:.3f}"
        return (
            f"{self.balanced:.4f} [{self.low:.4f}, {self.high:.4f}]  unknown {self.unknown:6.2%}  calibration {error}"
            f"  ({self.occupied} occupied, {self.free} free)"
        )


def score(answers: Sequence[Answer]) -> Score:
    """Return the score of answers. Raises ValueError when there are none.

    The interval joins Wilson's for each recall as MOVER does (Donner and Zou 2012); spaces of one frame hang together,
    so that the truth is a little wider.
    """
    if not answers:
        raise ValueError("nothing to score")
    classes = [[one.said == label for one in answers if one.occupied is label] for label in (True, False)]
    parts = [(sum(right) / len(right), *wilson(sum(right), len(right))) for right in classes if right]
    middle = sum(part[0] for part in parts) / len(parts)
    low = middle - sqrt(sum((share - least) ** 2 for share, least, _ in parts)) / len(parts)
    high = middle + sqrt(sum((most - share) ** 2 for share, _, most in parts)) / len(parts)
    unknown = sum(one.said is None for one in answers) / len(answers)
    return Score(len(classes[0]), len(classes[1]), middle, low, high, unknown, calibration_error(answers))


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    share = right / count
    middle, wide = share + Z * Z / (2 * count), Z * sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return max(0.0, (middle - wide) / (1 + Z * Z / count)), min(1.0, (middle + wide) / (1 + Z * Z / count))


def calibration_error(answers: Sequence[Answer], *, bins: int = 10) -> float | None:
    """Return by how much confidence and accuracy differ, over ten bins of confidence in the likelier class."""
    told = [(one.sure, one.occupied) for one in answers if one.sure is not None]
    if not told:
        return None
    sure = np.array([probability for probability, _ in told])
    right = (sure > 0.5) == np.array([occupied for _, occupied in told])
    confidence = np.maximum(sure, 1 - sure)
    at = np.minimum(((confidence - 0.5) * 2 * bins).astype(int), bins - 1)
    off = [abs(right[at == one].mean() - confidence[at == one].mean()) * (at == one).sum() for one in range(bins)
           if (at == one).any()]  # fmt: skip
    return float(sum(off) / len(sure))
