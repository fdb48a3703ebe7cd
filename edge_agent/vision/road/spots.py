"""Which changes of the road are worth another run of the model, and what the runs so far have said of them."""

from collections.abc import Sequence

import msgspec

from edge_agent.judge.road.blob import SHADOW, SOUND, Box

AGAIN_US = 600_000  # city; a young change is classified so often
LATER_US = 5_000_000  # and an old one so often
YOUNG = 16  # runs, after which a change is old
AT_ONCE = 16  # changes of one look, at most: those that were classified least come first
SAME = 0.5  # intersection over union of two boxes of one change
FEW = 3  # runs that must agree that the road is sound there
SURE = 0.6  # mean probability of that


class Spot(msgspec.Struct):
    """A change, as the model knows it."""

    box: Box
    likeness: float = 0.0  # of its structure now to what it was
    scored_us: int | None = None  # of the last run
    runs: int = 0
    scores: dict[str, float] = {}  # of the last run
    means: dict[str, float] = {}

    def take(self, scores: dict[str, float], t_us: int) -> None:
        """Take in what the model says."""
        self.runs += 1
        self.scores, self.scored_us = scores, t_us
        count = min(self.runs, YOUNG)
        self.means = {
            name: (old := self.means.get(name, score)) + (score - old) / count for name, score in scores.items()
        }

    @property
    def looks_sound(self) -> bool:
        """Return whether nothing but light has changed there."""
        return self.runs >= FEW and self.is_any(SHADOW, SOUND, sure=SURE)

    def is_any(self, *names: str, sure: float = 0.5) -> bool:
        """Return whether it is likely to be one of these classes."""
        return sum(self.means.get(name, 0.0) for name in names) >= sure

    def due_us(self) -> int:
        """Return when it is to be classified again."""
        if self.scored_us is None:
            return 0
        return self.scored_us + (AGAIN_US if self.runs < YOUNG else LATER_US)


def follow_spots(spots: Sequence[Spot], boxes: Sequence[Box]) -> list[Spot]:
    """Return a spot for each box: the one that was there, where there was one."""
    left = list(spots)
    found = []
    for box in boxes:
        best = max(left, key=lambda one: _likeness(one.box, box), default=None)
        if best is None or _likeness(best.box, box) < SAME:
            found.append(Spot(box))
            continue
        left.remove(best)
        best.box = box
        found.append(best)
    return found


def worth_a_look(spots: Sequence[Spot], t_us: int) -> list[Spot]:
    """Return those that the model is to see now; a clock that was set makes them all due."""
    due = [one for one in spots if t_us < (one.scored_us or 0) or one.due_us() <= t_us]
    return sorted(due, key=lambda one: one.runs)[:AT_ONCE]


def _likeness(one: Box, two: Box) -> float:
    """Return intersection over union."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    shared = max(0, width) * max(0, height)
    whole = _area(one) + _area(two) - shared
    return shared / whole if whole else 0.0


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
