"""Decide when a receiver that fails is tried again, so that it is not hammered and nobody else waits for it."""

import random

from device_profiles.backoff import jittered_s

AFTER = 3  # failures in a row that open it
BASE_S = {"life": 0.5, "other": 1.0}  # real seconds
LIFE_CAP_S = 5.0  # a life alarm never waits longer for a try, whatever the config says


class Breaker:
    """Opens after AFTER failures in a row; then each try is a probe, and the first success closes it. Real seconds."""

    def __init__(self, lane: str, *, cap_s: float, most_asked_s: float = 0.0, rng: random.Random | None = None) -> None:
        """``cap_s``: the longest pause of ours; ``most_asked_s``: the longest that the receiver may ask for."""
        self.failures = 0  # in a row
        self._base_s = BASE_S[lane]
        self._cap_s = min(cap_s, LIFE_CAP_S) if lane == "life" else cap_s
        self._most_asked_s = min(most_asked_s, LIFE_CAP_S) if lane == "life" else most_asked_s
        self._asked = False  # the receiver said how long nobody shall ask
        self._until_s = 0.0
        self._rng = rng

    @property
    def open(self) -> bool:
        """Whether the receiver counts as away."""
        return self.failures >= AFTER

    def wait_s(self, now_s: float) -> float:
        """Return how long nothing may be sent."""
        return max(0.0, self._until_s - now_s) if self.open or self._asked else 0.0

    def bad(self, now_s: float, *, asked_s: float = 0.0) -> float:
        """Take note of a failure; return the pause before the next try, at least what the receiver asks for."""
        pause_s = jittered_s(self.failures, base_s=self._base_s, cap_s=self._cap_s, rng=self._rng)
        pause_s = max(pause_s, min(asked_s, self._most_asked_s))
        self.failures += 1
        self._asked = asked_s > 0
        self._until_s = now_s + pause_s
        return pause_s

    def good(self) -> bool:
        """Take note of a success; return whether the receiver was away."""
        was_open, self.failures, self._asked = self.open, 0, False
        return was_open
