"""Frame counters: doubled, late and lost uplinks, joining anew, sixteen bits; whatever comes, it adds up."""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.dialect import Frame
from edge_agent.sources.platforms.uplinks import Arrival, Uplinks, follow

S = 1_000_000
N, L, D = Arrival.NEW, Arrival.LATE, Arrival.DOUBLED


def _run(*said: tuple[int, int] | tuple[int, int, str]) -> tuple[list[Arrival], tuple[int, int, int]]:
    """Follow (number, second[, session])."""
    known, arrivals = Uplinks(), []
    for number, second, *session in said:
        known, arrival = follow(known, Frame(number, *session), second * S)
        arrivals.append(arrival)
    return arrivals, (known.lost, known.late, known.doubled)


def test_what_is_missing_is_lost_until_it_comes() -> None:
    """12 and 13 are missing; 12 comes after all, twice."""
    assert _run((10, 0), (11, 5), (14, 20), (12, 10), (12, 10)) == ([N, N, N, L, D], (1, 1, 1))


def test_a_double_is_dropped_even_when_the_network_took_it_twice() -> None:
    """The same number from another network server a little later."""
    assert _run((10, 0), (10, 0), (10, 3), (11, 5)) == ([N, D, D, N], (0, 0, 2))


def test_to_join_anew_is_no_loss() -> None:
    """A new session counts from the beginning; one of the old session may still be under way."""
    assert _run((500, 0, "a"), (501, 5, "a"), (0, 60, "b"), (1, 65, "b"), (503, 8, "a"), (2, 70, "b")) == (
        [N, N, N, N, L, N], (1, 1, 0)
    )  # fmt: skip


def test_a_counter_that_restarts_without_a_word_is_known_by_its_time() -> None:
    """A radio says nothing old after something new: a smaller number at a later time is a reset, and no double."""
    assert _run((3, 0), (4, 5), (0, 60), (1, 65), (4, 80)) == ([N, N, N, N, N], (2, 0, 0))
    assert _run((0, 0), (0, 300), (0, 600)) == ([N, N, N], (0, 0, 0))  # it restarts again and again


def test_sixteen_bits_are_full() -> None:
    """65535 is followed by 0; one is lost over the end, one comes late from before it."""
    assert _run((65_534, 0), (65_535, 5), (0, 10), (2, 20), (1, 15)) == ([N, N, N, N, L], (0, 1, 0))
    assert _run((65_533, 0), (1, 20), (65_535, 10)) == ([N, N, L], (2, 1, 0))
    assert _run((65_535, 0, "a"), (65_536, 5, "a")) == ([N, N], (0, 0, 0))  # a network server that counts 32 bits


def test_before_the_first_that_was_heard_nothing_is_lost() -> None:
    """What comes from there is late, once."""
    assert _run((10, 50), (8, 40), (8, 40), (9, 45), (11, 55)) == ([N, L, D, L, N], (0, 2, 1))


def test_without_times_sessions_tell() -> None:
    """A dialect whose messages tell no time."""
    known, found = Uplinks(), []
    for number, session in ((5, "a"), (6, "a"), (5, "a"), (0, "b"), (7, "a")):
        known, arrival = follow(known, Frame(number, session), None)
        found.append(arrival)
    assert found == [N, N, D, N, L]


@given(st.integers(0, 2**16 - 1) | st.integers(65_480, 65_535), st.integers(1, 60), st.randoms(use_true_random=False))
def test_the_counts_add_up(first: int, count: int, rng: random.Random) -> None:
    """Some are lost, some come twice, some later: each that came is said once, and lost is what never came."""
    sent = [((first + k) % 65_536, k * 300) for k in range(count)]
    came = [sent[0], *(one for one in sent[1:-1] if rng.random() < 0.8), sent[-1]]
    order = [(index + rng.choice([0, 0, 0, 0, rng.uniform(1, 8)]), one) for index, one in enumerate(came)]
    order[0], order[-1] = (0, order[0][1]), (count + 10, order[-1][1])
    stream = [one for _, one in sorted(order) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    arrivals, (lost, late, doubled) = _run(*stream)
    distinct = len(set(came))
    assert (len(arrivals) - arrivals.count(D), doubled) == (distinct, len(stream) - distinct)
    assert (lost, late) == (len(set(sent)) - distinct, arrivals.count(L))


@given(st.lists(st.tuples(st.integers(0, 2**32), st.integers(0, 10**9), st.sampled_from(["", "a", "b"])), max_size=30))
def test_any_stream_is_survived_and_can_be_stored(said: list[tuple[int, int, str]]) -> None:
    """What is known fits into what is stored."""
    known = Uplinks()
    for number, second, session in said:
        known, _ = follow(known, Frame(number, session), second)
        assert msgspec.json.decode(msgspec.json.encode(known), type=Uplinks) == known
