"""The breaker opens after failures in a row, probes with jitter, and closes at the first success."""

import random

from hub.channels.breaker import AFTER, LIFE_CAP_S, Breaker


def test_it_opens_and_closes() -> None:
    """Before it opens nothing is held up; open, only until the drawn pause is over."""
    breaker = Breaker("other", cap_s=60.0, rng=random.Random(1))
    for _ in range(AFTER - 1):
        breaker.bad(0.0)
        assert (breaker.open, breaker.wait_s(0.0)) == (False, 0.0)
    pause_s = breaker.bad(0.0)
    assert breaker.open
    assert breaker.wait_s(0.0) == pause_s > 0
    assert breaker.wait_s(pause_s) == 0.0
    assert breaker.good()
    assert (breaker.open, breaker.failures, breaker.good()) == (False, 0, False)


def test_pauses_are_drawn_from_all_of_a_growing_span() -> None:
    """Full jitter up to a cap, which is short on the lane of life."""
    for lane, cap_s in (("other", 60.0), ("life", LIFE_CAP_S)):
        breaker = Breaker(lane, cap_s=60.0, rng=random.Random(7))
        pauses = [breaker.bad(0.0) for _ in range(500)]
        assert max(pauses[100:]) <= cap_s
        assert max(pauses[100:]) > 0.9 * cap_s
        assert min(pauses[100:]) < 0.1 * cap_s


def test_what_the_receiver_asks_for_is_the_least_pause_and_has_a_bound() -> None:
    """From the first failure on nothing is sent till then; no receiver can ask for silence, least of all about life."""
    breaker = Breaker("other", cap_s=1.0, most_asked_s=30.0)
    assert breaker.bad(0.0, asked_s=20.0) == breaker.wait_s(0.0) == 20.0
    assert not breaker.open
    assert breaker.bad(20.0, asked_s=1e9) == breaker.wait_s(20.0) == 30.0
    assert breaker.bad(50.0) <= 1.0
    assert breaker.bad(51.0, asked_s=20.0) == 20.0
    assert breaker.good()
    assert breaker.wait_s(51.0) == 0.0
    assert Breaker("life", cap_s=1.0, most_asked_s=30.0).bad(0.0, asked_s=1e9) == LIFE_CAP_S
