"""Hypothesis strategies for everything that may stand on the wire."""

from typing import Any

from hypothesis import strategies as st

from device_profiles.wire import (
    LANES,
    SEVERITIES,
    Binding,
    ClockState,
    ClockStep,
    Command,
    Event,
    Heartbeat,
    LaneReceipt,
    Lost,
    Pack,
    Reading,
    Receipt,
    Result,
    Status,
    Value,
)

INT64_MAX = 2**63 - 1
ids = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,12}\Z")
names = st.from_regex(r"\A[a-z][a-z0-9_.]{0,12}\Z")
micros = st.integers(0, INT64_MAX)
seqs = st.integers(1, INT64_MAX)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
lanes = st.sampled_from(LANES)
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-INT64_MAX, INT64_MAX),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
_inner: st.SearchStrategy[Any] = values | st.lists(values, max_size=3) | st.dictionaries(texts, values, max_size=3)
data = st.dictionaries(
    texts, values | st.lists(_inner, max_size=3) | st.dictionaries(texts, _inner, max_size=3), max_size=4
)

readings = st.builds(Reading, device=ids, t_us=micros, values=st.dictionaries(names, values, max_size=5))
events = st.builds(Event, device=ids, t_us=micros, kind=names, severity=st.sampled_from(SEVERITIES), data=data)
heartbeats = st.builds(Heartbeat, t_us=micros, seen_us=st.dictionaries(ids, micros, max_size=5))
clock_steps = st.builds(ClockStep, t_us=micros, step_us=st.integers(-INT64_MAX, INT64_MAX))
pack_ranges = st.tuples(seqs, seqs, seqs)
losses = st.builds(
    Lost,
    t_us=micros,
    lane=lanes,
    epoch=seqs,
    first=seqs,
    last=seqs,
    reason=st.sampled_from(["evicted", "aged", "receipted", "disk", "thinned"]),
    facts=st.integers(0, 10_000),
    by=st.none() | pack_ranges,
)
bindings = st.builds(Binding, device=ids, profile=names, asset=texts)
statuses = st.builds(
    Status,
    t_us=micros,
    epoch=seqs,
    online=st.booleans(),
    version=texts,
    devices=st.lists(bindings, max_size=3).map(tuple),
    profiles=st.dictionaries(names, texts, max_size=3),
    outbox=st.dictionaries(lanes, st.integers(0, 10_000), max_size=3),
    made=st.dictionaries(seqs, st.dictionaries(lanes, micros, max_size=3), max_size=3),
)
results = st.builds(Result, t_us=micros, command=texts, device=ids, ok=st.booleans(), reason=texts)
FACTS = {
    "reading": readings,
    "event": events,
    "heartbeat": heartbeats,
    "clock_step": clock_steps,
    "lost": losses,
    "status": statuses,
    "result": results,
}
facts = st.one_of(*FACTS.values())
clock_states = st.builds(
    ClockState,
    source=st.sampled_from(["ntp", "gnss", "rtc", "simulated", "unknown"]),
    offset_us=st.integers(-INT64_MAX, INT64_MAX),
)
packs = st.builds(
    Pack,
    v=st.just(1),
    agent=ids,
    epoch=seqs,
    lane=lanes,
    sent_us=micros,
    facts=st.lists(facts, max_size=5).map(tuple),
    seq=st.none() | seqs,
    boot=st.text("0123456789abcdef", max_size=32),
    resent_in=st.none() | seqs,
    clock=clock_states,
    stands_for=st.lists(pack_ranges, max_size=2).map(tuple),
)
receipts = st.builds(
    Receipt,
    hub=ids,
    epoch=seqs,
    lanes=st.dictionaries(
        lanes,
        st.builds(
            LaneReceipt,
            to=micros,
            want=st.lists(st.tuples(seqs, seqs), max_size=3).map(tuple),
        ),
        max_size=5,
    ),
    t_us=micros,
)
commands = st.builds(
    Command,
    id=texts,
    device=ids,
    name=names,
    t_us=micros,
    expires_us=micros,
    args=st.dictionaries(texts, values, max_size=3),
)
