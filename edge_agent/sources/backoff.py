"""Delays between tries to get a lost line back."""

import random


class Backoff:
    """Full jitter: each delay is drawn from 0 to a ceiling that doubles up to ``cap_s``; reset on success."""

    def __init__(self, *, base_s: float, cap_s: float, rng: random.Random | None = None) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._rng = rng or random.Random()
        self._tries = 0

    def next_s(self) -> float:
        """Return the delay before the next try."""
        ceiling = min(self._cap_s, self._base_s * 2.0**self._tries)
        self._tries = min(self._tries + 1, 32)  # beyond it the ceiling is the cap anyway
        return self._rng.uniform(0.0, ceiling)

    def reset(self) -> None:
        """Start again with the base."""
        self._tries = 0
