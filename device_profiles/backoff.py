"""Delays between tries to get back what is away: full jitter, so that a thousand who lost it do not return at once."""

import random

_MOST = 32  # doublings; any ceiling is its cap long before


def jittered_s(
    failures: int, *, base_s: float, cap_s: float, least_s: float = 0.0, rng: random.Random | None = None
) -> float:
    """Return a delay drawn from ``least_s`` to a ceiling of ``base_s`` that each failure doubles, up to ``cap_s``."""
    ceiling_s = min(cap_s, base_s * 2.0 ** min(failures, _MOST))
    return (rng.uniform if rng else random.uniform)(least_s, ceiling_s)


class Backoff:
    """Counts the tries in a row; reset on success."""

    def __init__(self, *, base_s: float, cap_s: float, rng: random.Random | None = None) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._rng = rng
        self._tries = 0

    def next_s(self) -> float:
        """Return the delay before the next try."""
        delay_s = jittered_s(self._tries, base_s=self._base_s, cap_s=self._cap_s, rng=self._rng)
        self._tries += 1
        return delay_s

    def reset(self) -> None:
        """Start again with the base."""
        self._tries = 0
