"""The proof: equal when the archive holds what the journal says, and able to say where it does not."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_profiles import faults
from device_profiles.wire import Pack, Value
from hub.archive import Point, Query
from hub.archive.proof import STRANGERS, Difference, DifferentHour
from hub.archive.tiers import Tier
from hub.journal.journal import Record
from hub.journal.thinning import Thinning
from tests.hub.archive.city import City
from tests.hub.archive.tiers.stores import KINDS
from tests.hub.made import AREA, T0_US, event, pack, reading, record, tick

HOUR_US = 3_600_000_000
HOUR_0 = T0_US - T0_US % HOUR_US
SUBJECT = f"{AREA}/lift-07"


CHILD = """
import sys
from pathlib import Path
from hub.archive.reader import ArchiveReader
from hub.journal.journal import Journal
from tests.hub.archive.influxes import server_of
from tests.hub.archive.tiers.stores import Stores
folder = Path(sys.argv[1])
journal = Journal.open(folder / "journal.db", reserve_bytes=4096)
stores = Stores(folder, sys.argv[2])
reader = ArchiveReader(stores.archive, batch_points=9)
while records := journal.read(reader.cursor(), 7):
    reader.apply(records)
stores.close()
"""


@pytest.fixture(params=KINDS)
def cities(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], City]]:
    """Return a function that makes a city, with an archive of each kind in turn."""
    url = request.getfixturevalue("influx").url if request.param == "influx" else ""
    made: list[City] = []

    def make() -> City:
        folder = tmp_path / f"{tmp_path.name}-{len(made)}"
        folder.mkdir()
        made.append(City(folder, url))
        return made[-1]

    yield make
    for city in made:
        city.close()


@pytest.fixture
def city(cities: Callable[[], City]) -> City:
    """Return a city."""
    return cities()


def test_what_is_archived_is_proven(city: City) -> None:
    """Readings and events of several devices and hours; what is never archived is counted by reason."""
    city.receive(
        tick(0),
        pack(reading(speed=1.5, door=True), reading("lift-08", at_s=-7_200, load=None)),
        pack(event("lift.stuck"), lane="event"),
        pack(reading(at_s=99, speed=1), seq=2),
        pack(lane="status", seq=None),
        Record(0, T0_US, "quarantine", "", 0, "", None, b"{}"),
        Record(0, T0_US, "pack", f"{AREA}/a-1", 7, "reading", 9, b"{"),
    )
    city.archive()
    proof = city.prove()
    assert (proof.equal, proof.rows, proof.behind, proof.since_us) == (True, [], 0, 0)
    assert (proof.devices, proof.hours, proof.journal, proof.archive) == (2, 2, 4, 4)
    assert proof.left_out == {"future": 1, "quarantined": 1, "undecodable": 1}


def test_a_point_that_is_missing_is_named(city: City) -> None:
    """Device, hour and both numbers; the other hours are well."""
    city.receive(pack(reading(speed=1), reading(at_s=-3_600, speed=1, load=2), reading("lift-08", speed=2)))
    city.archive()
    gone_us = T0_US - HOUR_US
    city.stores.tiers.forget(Tier.RAW, SUBJECT, from_us=gone_us, to_us=gone_us + 1)
    proof = city.prove()
    assert proof.rows == [DifferentHour(SUBJECT, HOUR_0 - HOUR_US, Difference.MISSING, 2, 0)]
    assert (proof.equal, proof.different, proof.journal, proof.archive) == (False, 1, 4, 2)


def test_a_point_that_nobody_said_is_named(city: City) -> None:
    """Of a device that the journal knows, and of one that it does not."""
    city.receive(pack(reading(speed=1)))
    city.archive()
    extra = Point(AREA, "a-1", "lift-07", "load", T0_US, 1, 7, "reading", 1)
    stranger = Point(AREA, "a-1", "lift-99", "load", T0_US, 1, 7, "reading", 1)
    city.stores.archive.write([extra, stranger], offset=0)
    assert city.prove().rows == [
        DifferentHour(SUBJECT, HOUR_0, Difference.EXTRA, 1, 2),
        DifferentHour(STRANGERS, HOUR_0, Difference.EXTRA, 0, 1),
    ]


def test_a_wrong_value_is_found_when_values_are_asked_for(city: City) -> None:
    """As many points, and one of them says something else."""
    city.receive(pack(reading(speed=1, load=2)))
    city.archive()
    city.stores.archive.write([Point(AREA, "a-1", "lift-07", "load", T0_US, 3, 8, "reading", 1)], offset=0)
    assert city.prove(values=False).equal
    assert city.prove().rows == [DifferentHour(SUBJECT, HOUR_0, Difference.VALUES, 2, 2)]


def test_whatever_can_be_said_is_proven(city: City) -> None:
    """Ends of what numbers and texts may be: InfluxDB 1.6.7 returns -0.0 without its sign, which is no other value."""
    said: list[Value] = [
        -0.0, 5e-324, 1.7976931348623157e308, 1e22, 2.0**64, 2**63 - 1, 1 - 2**63,
        "", "a\x00b", "a\\", '"', "a\nb", "%s", "%0A", "💥", "x" * 512, True, None,
    ]  # fmt: skip
    facts = [[reading(at_s=n, x=value), event("lift.x", at_s=n, d=value)] for n, value in enumerate(said)]
    city.receive(*(pack(*some, seq=n + 1) for n, some in enumerate(facts)))
    city.receive(*(pack(reading("lift-09", at_s=n, x=value), seq=n + 100) for n, value in enumerate((-0.0, 1e16))))
    city.archive()
    proof = city.prove()
    assert (proof.equal, proof.journal, proof.refused) == (True, 2 * len(said) + 2, 0)


def test_of_two_facts_with_one_identity_the_greater_counts(city: City) -> None:
    """Whichever came first; the other one is counted."""
    city.receive(
        pack(reading(speed=1), seq=5),
        pack(reading(speed=2), seq=4),
        pack(reading(speed=3), epoch=8),
        pack(reading(speed=4), reading(speed=5), seq=6),
    )
    city.archive()
    proof = city.prove()
    assert (proof.equal, proof.journal, proof.superseded) == (True, 1, 3)


def test_an_archive_that_lags_is_proven_up_to_its_place(city: City) -> None:
    """What it may be writing now may be there, or not."""
    city.receive(pack(reading(speed=1)), pack(reading(at_s=1, speed=2), reading(speed=9), seq=2))
    city.archive(upto=1)
    assert (city.prove().equal, city.prove().behind, city.prove().journal) == (True, 1, 1)
    city.stores.archive.write([Point(AREA, "a-1", "lift-07", "speed", T0_US + 1_000_000, 2, 7, "reading", 2)], offset=0)
    assert city.prove().equal
    city.stores.archive.write([Point(AREA, "a-1", "lift-07", "load", T0_US, 2, 7, "reading", 2)], offset=0)
    assert [row.difference for row in city.prove().rows] == [Difference.EXTRA]


def test_what_comes_while_it_looks_is_no_difference(city: City) -> None:
    """The hub goes on: records and points that appear after the journal was read are read too."""
    city.receive(pack(reading(speed=1)))
    city.archive()
    count_by_hour, calls = city.stores.archive.count_by_hour, [0]

    def busy(query: Query) -> dict[int, int]:
        calls[0] += 1
        city.receive(pack(reading(at_s=calls[0], speed=1), reading(f"lift-{calls[0] + 50}", speed=1), seq=calls[0] + 1))
        city.archive()
        return count_by_hour(query)

    city.stores.archive.count_by_hour = busy  # type: ignore[method-assign]
    proof = city.prove()
    assert (proof.equal, proof.rows) == (True, [])
    assert calls[0] >= 2


def test_refused_points_are_not_expected(city: City) -> None:
    """They are in quarantine; an earlier word of theirs may be there or not."""
    city.receive(pack(reading(speed=1, load=1)), pack(reading(speed="fast"), seq=2))
    city.archive(upto=1)
    city.not_taken = {(SUBJECT, "speed", T0_US, 7, 2, "reading", "a-1")}
    city.stores.archive.write([], offset=2)
    proof = city.prove()
    assert (proof.equal, proof.journal, proof.archive, proof.refused) == (True, 1, 2, 1)
    city.stores.tiers.forget(Tier.RAW, SUBJECT, from_us=T0_US, to_us=T0_US + 1)
    assert city.prove().rows == [DifferentHour(SUBJECT, HOUR_0, Difference.MISSING, 1, 0)]
    city.not_taken.add((SUBJECT, "load", T0_US, 7, 1, "reading", "a-1"))
    assert city.prove().equal


def test_what_is_older_than_its_retention_is_not_missed(city: City) -> None:
    """Hours before the device's horizon are left out and counted."""
    city.receive(pack(reading(speed=1), reading(at_s=-3_600, speed=1, load=2)))
    city.archive()
    city.horizons[SUBJECT] = HOUR_0
    city.stores.tiers.forget(Tier.RAW, SUBJECT, from_us=0, to_us=HOUR_0)
    proof = city.prove()
    assert (proof.equal, proof.expired, proof.journal, proof.archive) == (True, 2, 1, 1)


def test_an_event_is_proven_for_as_long_as_events_are_kept(city: City) -> None:
    """Its hour's values are deleted; by an agent's clock of 1970 that is so at once, and the event may be of a life."""
    city.receive(
        pack(reading(at_s=-3_600, speed=1), event("lift.alarm", at_s=-3_600), event("lift.alarm", at_s=-3_599))
    )
    city.receive(pack(reading(at_s=-3_598, speed=1), seq=2))
    city.archive()
    city.horizons[SUBJECT] = HOUR_0
    city.stores.tiers.forget(Tier.RAW, SUBJECT, from_us=0, to_us=HOUR_0)
    proof = city.prove()
    assert (proof.equal, proof.expired, proof.journal, proof.archive) == (True, 2, 2, 2)
    city.stores.tiers.forget(Tier.EVENTS, SUBJECT, from_us=0, to_us=T0_US - 3_599_500_000)  # as nobody should
    lost = city.prove(values=False)
    assert lost.rows == [DifferentHour(SUBJECT, HOUR_0 - HOUR_US, Difference.MISSING, journal=2, archive=1)]
    city.events_gone = HOUR_0
    gone = city.prove()
    assert (gone.equal, gone.expired) == (True, 4)


def test_a_journal_that_was_thinned_proves_what_is_left(city: City) -> None:
    """Where it was thinned the archive may have more, never less; what follows is exact."""
    for n in range(12):
        city.receive(record(0, pack(reading(at_s=n, speed=n % 5, load=n), seq=n + 1), at_s=n))
    city.receive(record(0, pack(reading(at_s=8_000, speed=1), seq=20), at_s=8_000))
    city.archive()
    assert Thinning(city.journal).thin(10, short=True) == 10
    assert [one.offset for one in city.journal.read(0, 100)] == [1, 5, 10, 11, 12, 13]
    proof = city.prove()
    assert (proof.equal, proof.journal, proof.archive) == (True, 11, 25)  # of one pack less would be more bytes
    extra = Point(AREA, "a-1", "lift-07", "load", T0_US + 8_000_000_000, 1, 7, "reading", 1)
    city.stores.archive.write([extra], offset=0)
    assert [row.difference for row in city.prove().rows] == [Difference.EXTRA]
    city.stores.tiers.forget(Tier.RAW, SUBJECT, from_us=T0_US, to_us=T0_US + 9_000_001)
    assert [row.difference for row in city.prove().rows] == [Difference.MISSING, Difference.EXTRA]


def test_a_journal_that_was_cut_proves_what_it_still_knows(city: City) -> None:
    """Before its beginning the archive may have more, never less."""
    text = Record(0, T0_US, "text", "", 0, "", None, b"{}")
    city.receive(text, pack(reading(at_s=-9, speed=1)), pack(reading(speed=2), seq=2))
    city.receive(record(0, pack(reading(at_s=20_000, speed=2), seq=3), at_s=20_000))
    city.archive()
    city.journal.cut(3)
    proof = city.prove()
    assert (proof.equal, proof.journal, proof.archive, proof.since_us) == (True, 2, 3, T0_US + HOUR_US + 60_000_000)
    city.stores.tiers.forget(Tier.RAW, SUBJECT, from_us=0, to_us=T0_US + 1)
    assert [(row.difference, row.journal, row.archive) for row in city.prove().rows] == [(Difference.MISSING, 1, 0)]


def test_after_kills_in_the_middle_of_writing_it_is_equal(city: City) -> None:
    """Killed after every fifth batch, the archive is proven up to its place each time, and whole in the end."""
    facts = [reading(f"lift-{n % 3}", at_s=-600 * n, speed=n, load=n * 1.5) for n in range(40)]
    city.receive(*(pack(fact, fact, seq=n + 1, lane="backlog") for n, fact in enumerate(facts)))
    kills = 0
    while _run_child(city.folder, city.url) == -signal.SIGKILL:
        kills += 1
        assert kills < 9, "no run got any further"
        assert city.again().equal
    proof = city.again()
    assert (kills >= 2, proof.equal, proof.behind, proof.journal) == (True, True, 0, 80)


def _run_child(folder: Path, url: str) -> int:
    environment = os.environ | {faults.ENVIRONMENT: "hub.after_archive:5"}
    words = [sys.executable, "-c", CHILD, str(folder), url]
    return subprocess.run(words, env=environment, cwd=Path(__file__).parents[3]).returncode


PACKS = st.lists(
    st.builds(
        lambda seq, epoch, lane, facts: pack(*facts, seq=seq, epoch=epoch, lane=lane),
        st.integers(1, 9),
        st.integers(7, 8),
        st.sampled_from(["reading", "backlog"]),
        st.lists(
            st.builds(
                lambda device, at_s, values: reading(device, at_s=at_s, **values),
                st.sampled_from(["lift-07", "lift-08"]),
                st.sampled_from([0, 1, -3_600, 61]),
                st.dictionaries(
                    st.sampled_from(["speed", "load"]), st.sampled_from([1, 2.5, None, "up", True]), min_size=1
                ),
            ),
            max_size=3,
        ),
    ),
    max_size=6,
    unique_by=lambda made: (made.epoch, made.lane, made.seq),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8, deadline=None)
@given(packs=PACKS, data=st.data())
def test_whatever_came_one_lost_point_is_seen(
    cities: Callable[[], City], packs: list[Pack], data: st.DataObject
) -> None:
    """Equal after any packs, with values; not equal after any one point is gone."""
    city = cities()
    city.receive(*packs)
    city.archive()
    assert city.prove().equal
    points = city.stores.archive.read(Query())
    if points:
        gone = data.draw(st.sampled_from(points))
        lost = [point for point in points if (point.subject, point.t_us) == (gone.subject, gone.t_us)]
        city.stores.tiers.forget(Tier.RAW, gone.subject, from_us=gone.t_us, to_us=gone.t_us + 1)
        (row,) = city.prove().rows
        assert (row.device, row.journal - row.archive) == (gone.subject, len(lost))
