"""The last known state is the one observed last, whatever arrived last."""

from hypothesis import given
from hypothesis import strategies as st

from device_profiles.wire import Binding, ClockState, ClockStep, Heartbeat, Pack, Status
from hub.journal.journal import Record
from hub.twins.state import MAX_VALUES, Twin, TwinState
from tests.hub.made import AREA, T0_US, event, pack, reading, record, tick

SUBJECT = f"{AREA}/lift-07"
AGENT = f"{AREA}/a-1"


def status(
    *,
    online: bool,
    epoch: int = 7,
    at_s: int = 0,
    seq: int | None = 1,
    devices: tuple[Binding, ...] = (),
    evidence: str = "",
) -> Pack:
    """Return a birth, or a will when ``seq`` is None."""
    fact = Status(T0_US + at_s * 1_000_000, epoch, online, "1" if seq else "", devices, evidence=evidence)
    return pack(fact, lane="status", seq=seq, epoch=epoch)


def fold(*packs: Pack, at_s: float = 0.0) -> TwinState:
    """Return the state after ``packs``."""
    state = TwinState()
    for offset, made in enumerate(packs, 1):
        state.take(record(offset, made, at_s=at_s))
    return state


def held(twin: Twin) -> dict[str, object]:
    """Return what a twin holds, without times."""
    return {name: value.value for name, value in twin.values.items()}


def test_a_late_reading_fills_nothing_newer() -> None:
    """A backlog that arrives now does not become now; what it alone knows is filled in."""
    state = fold(pack(reading(at_s=10, speed=2)), pack(reading(at_s=5, speed=1, door_zone=True), lane="backlog"))
    twin = state.twins[SUBJECT]
    assert held(twin) == {"speed": 2, "door_zone": True}
    assert twin.values["door_zone"].t_us == T0_US + 5_000_000
    assert twin.seen_us == T0_US + 10_000_000


@given(order=st.permutations(range(6)))
def test_invariant_08_latest_is_the_greatest_observed_time(order: list[int]) -> None:
    """In any order of arrival the value observed last is held."""
    state = fold(*(pack(reading(at_s=n, speed=n), seq=n + 1) for n in order))
    assert held(state.twins[SUBJECT]) == {"speed": 5}
    assert state.twins[SUBJECT].seen_us == T0_US + 5_000_000


def test_unknown_is_held_like_a_value() -> None:
    """A null says that the device does not know: the old value is no state any more."""
    state = fold(pack(reading(at_s=1, speed=1)), pack(reading(at_s=2, speed=None), seq=2))
    assert held(state.twins[SUBJECT]) == {"speed": None}


def test_invariant_08_the_future_is_not_believed() -> None:
    """Neither a value nor a sign of life from the future is taken."""
    state = fold(
        pack(reading(at_s=1, speed=1), reading(at_s=61, speed=2), Heartbeat(T0_US, {"lift-07": T0_US + 10**9}))
    )
    assert held(state.twins[SUBJECT]) == {"speed": 1}
    assert state.twins[SUBJECT].seen_us == T0_US + 1_000_000


def test_a_heartbeat_is_a_sign_of_life_and_no_value() -> None:
    """Alive and unchanged: the value keeps the time at which it was observed."""
    state = fold(pack(reading(speed=1), Heartbeat(T0_US, {"lift-07": T0_US + 5_000_000})))
    assert state.twins[SUBJECT].seen_us == T0_US + 5_000_000
    assert state.twins[SUBJECT].values["speed"].t_us == T0_US


def test_a_birth_binds_and_a_will_ends() -> None:
    """Profile and asset come with the birth; the will of that session says offline, an older will nothing."""
    birth = status(online=True, devices=(Binding("lift-07", "lift_terminal", "asset-1"),))
    state = fold(birth)
    twin = state.twins[SUBJECT]
    assert (twin.profile, twin.asset, twin.agent, twin.seen_us) == ("lift_terminal", "asset-1", AGENT, 0)
    state.take(record(2, status(online=False, epoch=6, seq=None)))
    assert state.agents[AGENT].online
    state.take(record(3, status(online=False, seq=None), at_s=9))
    assert not state.agents[AGENT].online
    assert state.agents[AGENT].since_us == T0_US + 9_000_000


def test_a_birth_says_where_evidence_is_and_a_will_does_not() -> None:
    """The last birth counts, also one that names nothing any more."""
    state = fold(status(online=True, evidence="http://10.0.0.7:8087"))
    state.take(record(2, status(online=False, seq=None)))
    assert state.agents[AGENT].evidence == "http://10.0.0.7:8087"
    state.take(record(3, status(online=True)))
    assert state.agents[AGENT].evidence == ""


def test_a_clock_that_was_set_back_is_followed() -> None:
    """After a step back what is observed on the new clock is the latest."""
    state = fold(
        pack(reading(at_s=50, speed=1)),
        pack(ClockStep(T0_US + 10_000_000, -40_000_000), seq=2),
        pack(reading(at_s=11, speed=2), seq=3),
    )
    assert held(state.twins[SUBJECT]) == {"speed": 2}
    assert state.twins[SUBJECT].seen_us == T0_US + 11_000_000


def test_a_new_session_with_a_clock_behind_is_followed() -> None:
    """A new epoch is the agent's present, even when its clock stands before the old one's."""
    state = fold(
        status(online=True),
        pack(reading(at_s=50, speed=1)),
        status(online=True, epoch=8, at_s=10),
        pack(reading(at_s=11, speed=2), epoch=8),
        pack(reading(at_s=49, speed=3), seq=2),
    )
    assert held(state.twins[SUBJECT]) == {"speed": 2}
    assert state.agents[AGENT].epoch == 8


def test_a_device_may_move_to_another_agent() -> None:
    """The agent that observed last speaks for it, and what the former one says late changes nothing."""
    state = fold(
        pack(reading(at_s=1, speed=1), epoch=99),
        pack(reading(at_s=2, speed=2), agent="a-2"),
        pack(reading(at_s=1.5, speed=3), seq=2, epoch=99),
    )
    assert state.twins[SUBJECT].agent == f"{AREA}/a-2"
    assert held(state.twins[SUBJECT]) == {"speed": 2}


def test_the_last_event_is_known() -> None:
    """By its own time."""
    state = fold(
        pack(event("lift.released", at_s=9), lane="event"), pack(event("lift.stuck", at_s=2), lane="event", seq=2)
    )
    assert state.twins[SUBJECT].event == "lift.released"


def test_a_device_cannot_fill_the_memory() -> None:
    """A twin holds a bounded number of values."""
    packs = [pack(reading(at_s=n, **{f"v{n}_{m}": m for m in range(250)}), seq=n + 1) for n in range(4)]
    assert len(fold(*packs).twins[SUBJECT].values) == MAX_VALUES


def test_what_is_no_pack_changes_nothing() -> None:
    """Ticks, doubles and bodies that cannot be read are passed over."""
    state = TwinState()
    for made in (
        tick(1),
        Record(2, T0_US, "double", AGENT, 7, "reading", 1, b""),
        Record(3, 0, "pack", AGENT, 7, "reading", 1, b"{"),
    ):
        assert state.take(made) == (set(), set())


def test_the_watermark_is_what_the_reading_lane_has_told() -> None:
    """A backlog and an event are no word that all before them is known; a clock that was set back lowers it."""
    state = fold(
        pack(reading(at_s=10, speed=2)),
        pack(reading(at_s=30, speed=1), lane="backlog"),
        pack(event("lift.fault", at_s=40), lane="event"),
    )
    twin = state.twins[SUBJECT]
    assert (twin.watermark_us - T0_US, twin.seen_us - T0_US) == (10_000_000, 30_000_000)
    state.take(record(4, pack(Heartbeat(T0_US, {"lift-07": T0_US + 12_000_000}), seq=2)))
    assert twin.watermark_us == T0_US + 12_000_000
    state.take(record(5, pack(ClockStep(T0_US, -12_000_000), seq=3)))
    assert twin.watermark_us == T0_US


def test_a_session_says_who_keeps_its_clock() -> None:
    """The newest pack's word is kept with the agent."""
    state = fold(status(online=True), pack(reading(), offset_us=-7, seq=2), at_s=3)
    session = state.agents[AGENT]
    assert (session.clock, session.delay_us) == (ClockState("ntp", -7), 3_000_000)
