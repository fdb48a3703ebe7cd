"""What every store of tiers keeps: one suite for the embedded one and InfluxDB."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_profiles.wire import Value
from hub.archive import Point, Query
from hub.archive.tiers import HOUR_US, MINUTE_US, Bucket, Extent, Tier
from tests.hub.archive.tiers.stores import KINDS, Stores
from tests.hub.made import AREA, T0_US

HOUR_0 = T0_US - T0_US % HOUR_US
SUBJECT = f"{AREA}/lift-07"
# InfluxDB 1.6.7 is a last bit off when it tells a small power of two, so these have a few digits
floats = st.decimals(min_value=-(10**12), max_value=10**12, places=4).map(float) | st.sampled_from(
    [0.0, 1.7e308, 1e-300]
)


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Return an archive with its tiers, of each kind in turn."""
    made = Stores(tmp_path, request.getfixturevalue("influx").url if request.param == "influx" else "")
    yield made
    made.close()


def bucket(minute: int = 0, field: str = "speed", subject: str = SUBJECT, last: float | str | None = 3.0) -> Bucket:
    """Return a minute."""
    t_us = HOUR_0 + minute * MINUTE_US
    return Bucket(subject, field, t_us, 3, 2, -1.5, 1e9, 0.25, last, t_us + 7)


def point(at_us: int, value: Value = 1, field: str = "speed") -> Point:
    """Return a point of lift-07, so long after the hour began."""
    return Point(AREA, "a-1", "lift-07", field, HOUR_0 + at_us, value, 7, "reading", 1 + at_us)


def test_nothing_is_there_at_first(stores: Stores) -> None:
    """And deleting nothing is no fault."""
    for tier in Tier:
        assert stores.tiers.extent(tier) == Extent()
        stores.tiers.forget(tier, SUBJECT, from_us=0, to_us=HOUR_0)
    assert stores.tiers.buckets(Tier.MINUTE, Query()) == []
    stores.tiers.put(Tier.HOUR, [])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(low=floats, mean=floats, last=floats | st.text(max_size=20).filter(lambda text: "\0" not in text) | st.none())
def test_a_bucket_comes_back_as_it_was_and_the_last_one_stays(
    stores: Stores, low: float, mean: float, last: float | str | None
) -> None:
    """Also over one whose last word was of another type, or that had numbers."""
    made = [
        Bucket(SUBJECT, "speed", HOUR_0, 2**40, 5, low, 0.1 + low, mean, last, HOUR_0 + 1),
        Bucket(SUBJECT, "text", HOUR_0, 1, 0, None, None, None, last, HOUR_0),
    ]
    stores.tiers.put(Tier.MINUTE, made)
    assert stores.tiers.buckets(Tier.MINUTE, Query()) == made


def test_queries(stores: Stores) -> None:
    """By tier, subject, field and time, the first ones up to the limit, in order."""
    other = f"{AREA}/lift-08"
    made = [bucket(0, "load"), bucket(0), bucket(1), bucket(2), bucket(1, subject=other)]
    stores.tiers.put(Tier.MINUTE, list(reversed(made)))
    stores.tiers.put(Tier.HOUR, [bucket()])
    assert stores.tiers.buckets(Tier.MINUTE, Query()) == made
    assert stores.tiers.buckets(Tier.MINUTE, Query(limit=2)) == made[:2]
    assert stores.tiers.buckets(Tier.MINUTE, Query(subject=other)) == made[4:]
    query = Query(subject=SUBJECT, field="speed", from_us=HOUR_0 + 1, to_us=HOUR_0 + 2 * MINUTE_US)
    assert stores.tiers.buckets(Tier.MINUTE, query) == [made[2]]
    assert stores.tiers.buckets(Tier.HOUR, Query()) == [bucket()]
    assert stores.tiers.extent(Tier.MINUTE) == Extent(5, HOUR_0, HOUR_0 + 2 * MINUTE_US)
    assert stores.tiers.extent(Tier.HOUR) == Extent(1, HOUR_0, HOUR_0)


def test_buckets_are_forgotten_by_device_and_time(stores: Stores) -> None:
    """Of one tier; others and other devices stay."""
    other = f"{AREA}/lift-08"
    made = [bucket(0), bucket(1), bucket(2), bucket(0, subject=other)]
    stores.tiers.put(Tier.MINUTE, made)
    stores.tiers.put(Tier.HOUR, [bucket()])
    stores.tiers.forget(Tier.MINUTE, SUBJECT, from_us=HOUR_0, to_us=HOUR_0 + 2 * MINUTE_US)
    assert stores.tiers.buckets(Tier.MINUTE, Query()) == made[2:]
    stores.tiers.forget(Tier.HOUR, SUBJECT, from_us=HOUR_0, to_us=HOUR_0 + 1)
    assert stores.tiers.extent(Tier.HOUR) == Extent()


def test_points_are_forgotten_but_events_with_their_instant_stay(stores: Stores) -> None:
    """What was said at the instant of an event is kept as long as the event."""
    event = "event/lift.stuck"
    points = [
        point(5), point(5, 2, "load"), point(10), point(10, "{}", event), point(11), point(20, "{}", event), point(30)
    ]  # fmt: skip
    stores.archive.write(points, offset=1)
    assert stores.tiers.extent(Tier.RAW) == Extent(5, HOUR_0 + 5, HOUR_0 + 30)
    assert stores.tiers.extent(Tier.EVENTS) == Extent(2, HOUR_0 + 10, HOUR_0 + 20)
    stores.tiers.forget(Tier.RAW, SUBJECT, from_us=0, to_us=HOUR_0 + 30)
    assert stores.archive.read(Query()) == [points[3], points[5], points[2], points[6]]
    stores.tiers.forget(Tier.EVENTS, SUBJECT, from_us=0, to_us=HOUR_0 + 20)
    assert stores.archive.read(Query()) == [points[5], points[6]]
