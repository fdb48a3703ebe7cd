"""A feed: good messages become samples, every other one is counted and told, and nothing a platform sends breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.dialect import Reason, Refused
from tests.edge_agent.sources.platforms.rig import ONE, START_US, STRANGER, TWO, Rig, body, http


@pytest.fixture
def rig() -> Rig:
    """Return a feed of the first dialect."""
    return Rig(http())


def test_a_message_becomes_a_sample_at_its_own_time(rig: Rig) -> None:
    """The time is the platform's, the values are canonical, the raw code stands beside."""
    verdict = rig.feed.take(body(rig.message(ago_s=2, faultCode=11)))
    (sample,) = rig.of("lift-01")
    assert (verdict.accepted, verdict.refused) == (1, ())
    assert (sample.t_us, sample.ok) == (START_US - 2_000_000, True)
    assert [sample.values[name] for name in ("passenger", "fault_code", "fault_code_raw")] == [True, 100, "11"]


def test_a_platform_whose_clock_is_wrong_can_be_taken_at_its_arrival() -> None:
    """``trust_time = false``."""
    rig = Rig(http(trust_time=False))
    rig.feed.take(body(rig.message(ago_s=-9_000)))
    assert rig.of("lift-01")[0].t_us == START_US


@pytest.mark.parametrize("trust_time", [False, True])
def test_after_a_clock_that_was_ahead_is_set_right_nothing_is_late(trust_time: bool) -> None:
    """Late is history to the hub: what a lift says now would raise nothing until the wrong time has come."""
    rig, years_us = Rig(http(trust_time=trust_time)), 10 * 365 * 86_400_000_000
    rig.clock.set(years_us)
    rig.feed.take(body(rig.message()))
    rig.clock.set(-years_us)
    verdict = rig.feed.take(body(rig.message(faultCode=11)))
    assert (verdict.accepted, verdict.late) == (1, 0)
    assert rig.of("lift-01")[-1].t_us == START_US


def test_a_clock_that_is_set_makes_no_old_message_new() -> None:
    """Where the platform's own times count, they go on counting."""
    rig = Rig(http())
    rig.feed.take(body(rig.message()))
    rig.clock.set(-30_000_000)
    assert rig.feed.take(body(rig.message(ago_s=10))).late == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"registerCode": ""}, Reason.NO_REGISTRATION_CODE),
        ({"registerCode": "31"}, Reason.BAD_REGISTRATION_CODE),
        ({"registerCode": STRANGER}, Reason.UNKNOWN_DEVICE),
        ({"ts": START_US // 1000 + 61_000}, Reason.TIME_IN_FUTURE),
        ({"ts": None}, Reason.NO_TIME),
    ],
)
def test_what_cannot_be_believed_gives_no_sample_and_an_event(
    rig: Rig, changes: dict[str, object], reason: Reason
) -> None:
    """Even if it says entrapment."""
    document = rig.message(faultCode=11) | changes
    verdict = rig.feed.take(body(document))
    assert [one.reason for one in verdict.refused] == [reason]
    assert (rig.of("lift-01"), rig.refusals()) == ([], [(reason.value, 1)])
    (sample,) = rig.of("platform-1")
    assert (sample.values["refused"], sample.values["last_refusal"]) == (1, reason.value)
    assert str(document["ts"]) in sample.findings[0].data["body"] or document["ts"] is None


def test_a_time_a_little_ahead_is_believed(rig: Rig) -> None:
    """60 s is no clock that is wrong."""
    assert rig.feed.take(body(rig.message(ago_s=-59))).accepted == 1


def test_a_thousand_refusals_are_few_events(rig: Rig) -> None:
    """The first of each reason at once, then one a minute with the count: events are never evicted."""
    for _ in range(1_000):
        rig.feed.take(b"{")
    assert rig.refusals() == [("not_json", 1)]
    rig.clock.now_us += 60_000_000
    rig.feed.tell(force=True)
    assert rig.refusals() == [("not_json", 1), ("not_json", 999)]
    assert rig.of("platform-1")[-1].values["refused"] == 1_000


def test_an_unknown_code_is_counted_each_time_and_told_once(rig: Rig) -> None:
    """The lift's values and the feed count it; the event names value and code."""
    for _ in range(3):
        rig.feed.take(body(rig.message(faultCode=77)))
        rig.clock.now_us += 1_000_000
    samples = rig.of("lift-01")
    assert [sample.values["unknown_codes"] for sample in samples] == [1, 2, 3]
    assert {sample.values["fault_code"] for sample in samples} == {None}
    assert {sample.values["fault_code_raw"] for sample in samples} == {"77"}
    told = [finding.data for sample in samples for finding in sample.findings]
    assert [(data["value"], data["code"]) for data in told] == [("fault_code", "77")]
    rig.feed.tell(force=True)
    assert rig.of("platform-1")[-1].values["unknown_codes"] == 3


def test_an_older_message_is_history(rig: Rig) -> None:
    """It says nothing of now, but an unknown code in it is not lost."""
    rig.feed.take(body(rig.message()))
    verdict = rig.feed.take(body(rig.message(ago_s=5, passengerStatus=0, faultCode=78)))
    _, late, told = rig.of("lift-01")
    assert (verdict.accepted, verdict.late, late.late, late.values["passenger"]) == (1, 1, True, False)
    assert (told.ok, told.findings[0].data["code"]) == (False, "78")


def test_each_lift_has_a_time_of_its_own(rig: Rig) -> None:
    """One that lags makes no other late."""
    rig.feed.take(body(rig.message()))
    assert rig.feed.take(body(rig.message(TWO, ago_s=5))).late == 0


def test_changes_only_are_completed_with_what_was_said() -> None:
    """A dialect whose messages leave out what is unchanged; what was never said is not there."""
    rig = Rig(http(dialect="nocode"))
    for said in ({"moving": False, "door": 2}, {"door": 1}, {}):
        rig.clock.now_us += 1_000_000
        rig.feed.take(body({"h": {"t": rig.clock.now_us // 1000}, "b": said}), ("lifts", "push", ONE))
    last = rig.of("lift-01")[-1]
    assert (last.values["car_moving"], last.values["door_closed"]) == (False, False)
    assert "passenger" not in last.values
    assert last.t_us == rig.clock.now_us


def test_the_feed_is_seen_as_long_as_something_comes(rig: Rig) -> None:
    """Its own sample carries the arrival of the last message, and there is none without one."""
    rig.feed.tell(force=True)
    assert rig.of("platform-1") == []
    rig.feed.take(body(rig.message()))
    rig.clock.now_us += 900_000
    rig.feed.tell(force=True)
    rig.feed.tell(force=True)
    assert [(sample.t_us, sample.values["messages"]) for sample in rig.of("platform-1")] == [(START_US, 1)]


@given(st.binary(max_size=200))
def test_no_body_breaks_it(data: bytes) -> None:
    """It is refused, or it is a message."""
    rig = Rig(http())
    verdict = rig.feed.take(data)
    assert verdict.refused
    assert rig.of("lift-01") == []


def test_a_refusal_of_the_transport_is_counted_too(rig: Rig) -> None:
    """Too large, wrong token, wrong type."""
    rig.feed.refuse(Refused(Reason.TOO_LARGE, "big"), b"x" * 500_000)
    (finding,) = rig.of("platform-1")[0].findings
    assert (finding.data["size"], len(finding.data["body"])) == (500_000, 400)
