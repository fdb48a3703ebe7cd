"""Twins look at the last reading of a batch only; what they know is the same as if they had looked at each."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.wire import ClockStep, Event, Fact, Heartbeat, Pack, Reading
from hub.journal.records import Record
from hub.twins.last import Last
from hub.twins.state import TwinState

NOW_US = 1_763_600_000_000_000
TIMES = st.integers(NOW_US - 5, NOW_US + 5) | st.just(NOW_US + 10**9)  # the last one is not believed
READINGS = st.builds(
    Reading, st.sampled_from(("d", "e")), TIMES, st.dictionaries(st.sampled_from("ab"), st.integers(0, 9))
)
FACTS = READINGS | st.one_of(
    st.builds(Event, st.just("d"), TIMES, st.just("x.y"), st.just("info")),
    st.builds(Heartbeat, TIMES, st.dictionaries(st.just("d"), TIMES)),
    st.builds(ClockStep, TIMES, st.integers(-5, 5)),
)
PACKS = st.tuples(
    st.sampled_from(("s/t/u/a", "s/t/u/b")),
    st.integers(1, 2),
    st.integers(1, 4),
    st.lists(FACTS, min_size=1, max_size=2),
)


def record(offset: int, agent: str, *, epoch: int, seq: int, facts: list[Fact]) -> Record:
    """Return a pack that came on the reading lane, decoded as intake leaves it."""
    pack = Pack(1, agent[-1], epoch, "reading", NOW_US, tuple(facts), seq)
    return Record(offset, NOW_US, "pack", agent, epoch, "reading", seq, msgspec.json.encode(pack), pack)


@given(
    st.lists(
        st.one_of(
            PACKS,
            st.tuples(st.just("s/t/u/a"), st.just(1), st.integers(1, 9), st.lists(READINGS, min_size=1, max_size=1)),
        ),
        max_size=12,
    )
)
def test_the_same_twins(made: list[tuple[str, int, int, list[Fact]]]) -> None:
    """Sessions, clocks that step, late and unbelieved times, two agents of one device: nothing makes a difference."""
    records = [
        record(offset, agent, epoch=epoch, seq=seq, facts=facts)
        for offset, (agent, epoch, seq, facts) in enumerate(made, 1)
    ]
    one_by_one, at_once = TwinState(), TwinState()
    for each in records:
        one_by_one.take(each)
    at_once.take_all(records)
    assert at_once == one_by_one


def test_a_busy_device_is_looked_at_once() -> None:
    """Of a hundred readings of two devices two are left."""
    records = [
        record(seq, "s/t/u/a", epoch=1, seq=seq, facts=[Reading(f"d{seq % 2}", NOW_US + seq, {"a": seq})])
        for seq in range(1, 101)
    ]
    last = Last()
    assert all(map(last.take, records))
    assert [pack.seq for _, pack, _ in last.readings()] == [99, 100]
    assert [record.offset for _, record in last.packs()] == [100]
