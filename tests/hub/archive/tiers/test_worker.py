"""The worker: whatever order, doubles, late points and deaths, the tiers are those that would be computed at once."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_profiles.profile import Retention
from device_profiles.wire import Value
from hub.archive import Archive, Point, Query
from hub.archive.tiers import HOUR_US, MINUTE_US, Bucket, Tier
from hub.archive.tiers.expiry import Expiry
from hub.archive.tiers.fold import Minutes, hours
from hub.archive.tiers.marked import MarkedArchive
from hub.archive.tiers.marks import Marks
from hub.archive.tiers.worker import TierWorker
from hub.errors import StoreDown
from tests.hub.archive.tiers.stores import KINDS, Stores
from tests.hub.made import AREA, T0_US
from tests.hub.rests import Rests

HOUR_0 = T0_US - T0_US % HOUR_US
DAY_US = 24 * HOUR_US
SUBJECT = f"{AREA}/lift-07"


class Killed(Exception):
    """The process ends here."""


class Mortal:
    """Hands calls on, and dies before or after the one at which its life ends."""

    def __init__(self, inner: Any, lives: list[int]) -> None:
        self._inner = inner
        self._lives = lives  # of all that die together: calls left, odd ones die after the call

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if not callable(method):
            return method
        return lambda *args, **named: self._call(method, *args, **named)

    def _call(self, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        self._lives[0] -= 2
        if self._lives[0] == 0:
            raise Killed
        result = method(*args, **named)
        if self._lives[0] == -1:
            raise Killed
        return result


class Hub:
    """The parts of a hub that keep the tiers, which may die and are started again on the same files."""

    def __init__(
        self, stores: Stores, folder: Path, retention: Retention | None = None, *, summed: bool = True
    ) -> None:
        self.summed = summed  # minutes on the way
        self.stores = stores
        self.retention = retention
        self.path = folder / f"tiers-{id(self)}.db"
        self.lives = [0]
        self.start()

    def start(self) -> None:
        """Come up with what is on disk."""
        self.marks = Marks(self.path)
        archive, tiers = Mortal(self.stores.archive, self.lives), Mortal(self.stores.tiers, self.lives)
        self.archive = MarkedArchive(archive, self.marks)
        if self.summed:
            self.archive.begin(now_us=HOUR_0 + 10 * DAY_US)
        expiry = Expiry(tiers, self.marks, retention_of=lambda: lambda _: self.retention)
        self.worker = TierWorker(
            self.archive, tiers, self.marks, expiry=expiry, progress_us=lambda: 0, on_crash=lambda _: None
        )

    def surely(self, act: Callable[[], None], *, lives: int = 0) -> None:
        """Do ``act``, again after a death in the middle of it."""
        self.lives[0] = lives
        try:
            act()
        except Killed:
            self.lives[0] = 0
            self.marks.close()
            self.start()
            act()
        self.lives[0] = 0

    def tiers(self) -> dict[Tier, list[Bucket]]:
        """Return what is computed."""
        return {tier: self.stores.tiers.buckets(tier, Query()) for tier in (Tier.MINUTE, Tier.HOUR)}


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return a function that makes an empty archive with tiers, of each kind in turn."""
    url = request.getfixturevalue("influx").url if request.param == "influx" else ""
    made: list[Stores] = []

    def make() -> Stores:
        made.append(Stores(tmp_path, url, name=f"n{len(made)}"))
        return made[-1]

    yield make
    for one in made:
        one.close()


def point(at_us: int, value: Value = 1, *, seq: int = 1, field: str = "speed", device: str = "lift-07") -> Point:
    """Return a point, so long after the hour began."""
    return Point(AREA, "a-1", device, field, HOUR_0 + at_us, value, 7, "reading", seq)


def at_once(archive: Archive) -> dict[Tier, list[Bucket]]:
    """Return the tiers of all points that are in ``archive``."""
    minutes = Minutes()
    minutes.add(archive.read(Query()))
    made = minutes.buckets()
    return {Tier.MINUTE: made, Tier.HOUR: hours(made)}


POINTS = st.lists(
    st.builds(
        point,
        st.builds(
            lambda minute, us: minute * MINUTE_US + us, st.sampled_from([0, 1, 59, 60, 61, 200]), st.integers(0, 3)
        ),
        st.sampled_from([1, 2.5, True, None, "up", "down", -3]),
        seq=st.integers(1, 4),
        field=st.sampled_from(["speed", "mode", "event/lift.stuck"]),
        device=st.sampled_from(["lift-07", "lift-08"]),
    ),
    max_size=12,
    unique_by=lambda made: (made.subject, made.field, made.t_us, made.seq),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(points=POINTS, data=st.data())
def test_any_order_split_double_and_death_gives_the_same_tiers(
    stores: Callable[[], Stores], tmp_path: Path, points: list[Point], data: st.DataObject
) -> None:
    """As computed at once from what is in the archive in the end."""
    arrivals = data.draw(
        st.permutations(points + data.draw(st.lists(st.sampled_from(points), max_size=4) if points else st.just([])))
    )
    hub = Hub(stores(), tmp_path, summed=data.draw(st.booleans()))
    offset = 0
    while arrivals:
        size, offset = data.draw(st.integers(1, len(arrivals))), offset + 1
        batch, arrivals = arrivals[:size], arrivals[size:]
        hub.surely(lambda: hub.archive.write(batch, offset=offset), lives=data.draw(st.integers(0, 4)))  # noqa: B023
        now_us = HOUR_0 + data.draw(st.sampled_from([0, 2, 70, 500])) * MINUTE_US
        hub.surely(lambda: hub.worker.turn(now_us), lives=data.draw(st.integers(0, 12)))  # noqa: B023
    hub.worker.turn(HOUR_0 + DAY_US)
    assert hub.tiers() == at_once(hub.stores.archive)
    assert len(hub.marks) == 0
    hub.marks.close()


def test_a_minute_is_computed_once_it_is_over(stores: Callable[[], Stores], tmp_path: Path) -> None:
    """And again when something comes late; the hour with it."""
    hub = Hub(stores(), tmp_path)
    hub.archive.write([point(0, 1), point(MINUTE_US, 5)], offset=1)
    hub.worker.turn(HOUR_0 + MINUTE_US)
    assert hub.tiers()[Tier.MINUTE] == []
    hub.worker.turn(HOUR_0 + MINUTE_US + 5_000_000)
    assert [made.mean for made in hub.tiers()[Tier.MINUTE]] == [1.0]
    hub.worker.turn(HOUR_0 + HOUR_US + 5_000_000)
    assert [made.mean for made in hub.tiers()[Tier.HOUR]] == [3.0]
    hub.archive.write([point(1, 3)], offset=2)
    hub.worker.turn(HOUR_0 + DAY_US)
    assert [made.mean for made in hub.tiers()[Tier.MINUTE]] == [2.0, 5.0]
    assert [(made.mean, made.count) for made in hub.tiers()[Tier.HOUR]] == [(3.0, 3)]
    hub.marks.close()


def test_more_points_than_one_read_gives_are_all_counted(
    stores: Callable[[], Stores], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute that is too big for the memory is read in parts."""
    monkeypatch.setattr("hub.archive.tiers.compute._CHUNK", 7)
    hub = Hub(stores(), tmp_path)
    hub.archive.write([point(n * n, n, field=field) for n in range(40) for field in ("load", "speed")], offset=1)
    hub.worker.turn(HOUR_0 + DAY_US)
    assert hub.tiers() == at_once(hub.stores.archive)
    assert [made.count for made in hub.tiers()[Tier.HOUR]] == [40, 40]
    hub.marks.close()


def test_the_worker_rests_between_two_pieces_unless_too_much_waits(
    stores: Callable[[], Stores], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backlog that is computed in one go would hold up every alarm that comes meanwhile."""
    hub = Hub(stores(), tmp_path, summed=False)
    rests = hub.worker._periodic.stopping = Rests()
    hub.archive.write([point(0), point(HOUR_US)], offset=1)
    hub.worker.turn(HOUR_0 + DAY_US, rest=3.0)
    assert len(rests.waited) == 4, "the minutes and the hour of two hours"
    assert 0 < max(rests.waited) <= 0.1
    hub.archive.write([point(2 * HOUR_US), point(3 * HOUR_US)], offset=2)
    monkeypatch.setattr(Marks, "full", True)
    hub.worker.turn(HOUR_0 + DAY_US, rest=3.0)
    assert len(rests.waited) == 4
    assert hub.tiers() == at_once(hub.stores.archive)
    hub.marks.close()


def test_a_store_that_is_down_is_tried_again(tmp_path: Path, stores: Callable[[], Stores]) -> None:
    """What was taken is given back."""
    hub = Hub(stores(), tmp_path)
    hub.archive.write([point(0)], offset=1)
    put = hub.stores.tiers.put

    def down(*_: object) -> None:
        raise StoreDown("archive", "gone")

    hub.stores.tiers.put = down  # type: ignore[method-assign]
    with pytest.raises(StoreDown):
        hub.worker.turn(HOUR_0 + DAY_US)
    hub.stores.tiers.put = put  # type: ignore[method-assign]
    hub.worker.turn(HOUR_0 + DAY_US)
    assert hub.tiers() == at_once(hub.stores.archive)
    hub.marks.close()


KEEP = Retention(raw="10h", minute="20h", hour="40h", events="30h")


def test_each_tier_is_deleted_after_its_time(stores: Callable[[], Stores], tmp_path: Path) -> None:
    """Points first, then minutes, hours last; events by a time of their own."""
    hub = Hub(stores(), tmp_path, KEEP)
    hub.archive.write([point(0), point(1, "{}", field="event/x"), point(5 * HOUR_US)], offset=1)
    seen = []
    for hour in (1, 6, 11, 21, 31, 41):
        hub.worker.turn(HOUR_0 + hour * HOUR_US + 10_000_000)
        seen.append([hub.stores.tiers.extent(tier).count for tier in (Tier.RAW, Tier.EVENTS, Tier.MINUTE, Tier.HOUR)])
    assert seen == [[2, 1, 1, 1], [2, 1, 2, 2], [1, 1, 2, 2], [0, 1, 1, 2], [0, 0, 0, 2], [0, 0, 0, 1]]
    hub.marks.close()


def test_nothing_is_deleted_before_its_coarser_tier(stores: Callable[[], Stores], tmp_path: Path) -> None:
    """Old points that come out of a backlog are computed first; so it is when that fails at first."""
    hub = Hub(stores(), tmp_path, KEEP)
    hub.archive.write([point(0, 4)], offset=1)
    hub.surely(lambda: hub.worker.turn(HOUR_0 + 12 * HOUR_US), lives=4)
    assert [made.mean for made in hub.tiers()[Tier.HOUR]] == [4.0]
    assert hub.stores.tiers.extent(Tier.RAW).count == 0
    hub.marks.close()


def test_what_comes_after_its_points_were_deleted_changes_no_tier(stores: Callable[[], Stores], tmp_path: Path) -> None:
    """It could only falsify them: it is deleted and counted."""
    hub = Hub(stores(), tmp_path, KEEP)
    hub.archive.write([point(0, 4), point(1, 8)], offset=1)
    hub.worker.turn(HOUR_0 + 12 * HOUR_US)
    before = hub.tiers()
    hub.archive.write([point(2, 100)], offset=2)
    hub.worker.turn(HOUR_0 + 12 * HOUR_US)
    assert (hub.tiers(), hub.marks.late, len(hub.marks)) == (before, 1, 0)
    assert hub.stores.tiers.extent(Tier.RAW).count == 0
    hub.marks.close()


def test_a_device_whose_profile_is_not_known_keeps_everything(stores: Callable[[], Stores], tmp_path: Path) -> None:
    """A profile that is missing for a day must not cost a year."""
    hub = Hub(stores(), tmp_path, None)
    hub.archive.write([point(0)], offset=1)
    hub.worker.turn(HOUR_0 + 9_000 * DAY_US)
    assert hub.stores.tiers.extent(Tier.RAW).count == 1
    hub.marks.close()


def test_the_thread_waits_for_a_store_and_stops(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells of a store that is down once, goes on by itself, and ends when asked."""
    monkeypatch.setattr("hub.archive.tiers.worker.PERIOD_S", 0.01)
    stores = Stores(tmp_path, "")
    hub = Hub(stores, tmp_path)
    hub.archive.write([point(0)], offset=1)
    turns, done = [0], threading.Event()

    def progress_us() -> int:
        turns[0] += 1
        if turns[0] <= 3:
            raise StoreDown("archive", "gone")
        if turns[0] == 5:
            done.set()
        return HOUR_0 + DAY_US

    expiry = Expiry(stores.tiers, hub.marks, retention_of=lambda: lambda _: None)
    crashes: list[str] = []
    worker = TierWorker(
        hub.archive, stores.tiers, hub.marks, expiry=expiry, progress_us=progress_us, on_crash=crashes.append
    )
    worker.start()
    assert done.wait(20)
    worker.stop()
    assert hub.tiers() == at_once(stores.archive)
    assert [entry.getMessage() for entry in caplog.records if entry.levelname == "ERROR"] == [
        "tiers wait: archive: gone"
    ]
    assert crashes == []
    assert msgspec.json.encode(hub.tiers()[Tier.HOUR])
    stores.close()
    hub.marks.close()
