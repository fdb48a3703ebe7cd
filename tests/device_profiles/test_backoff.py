"""Tests of the delays between tries."""

import random

from hypothesis import given
from hypothesis import strategies as st

from device_profiles.backoff import Backoff, jittered_s


@given(st.integers(0, 2**32), st.integers(1, 100))
def test_full_jitter_under_a_doubling_ceiling(seed: int, tries: int) -> None:
    """Each delay lies between 0 and a ceiling that doubles up to the cap."""
    backoff = Backoff(base_s=0.5, cap_s=5.0, rng=random.Random(seed))
    delays = [backoff.next_s() for _ in range(tries)]
    assert all(0.0 <= delay <= min(5.0, 0.5 * 2.0 ** min(number, 10)) for number, delay in enumerate(delays))


def test_reset_starts_with_the_base() -> None:
    """After a success the first delay is short again."""
    backoff = Backoff(base_s=0.5, cap_s=5.0, rng=random.Random(1))
    for _ in range(50):
        backoff.next_s()
    backoff.reset()
    assert all(delay <= 0.5 for delay in [backoff.next_s()])


@given(st.integers(0, 2**62), st.integers(0, 2**32))
def test_a_delay_is_never_below_the_least_nor_above_the_cap(failures: int, seed: int) -> None:
    """However many failures: no overflow, and nobody who was just refused returns at once."""
    delay_s = jittered_s(failures, base_s=0.5, cap_s=30.0, least_s=0.01, rng=random.Random(seed))
    assert 0.01 <= delay_s <= min(30.0, 0.5 * 2.0 ** min(failures, 10))
