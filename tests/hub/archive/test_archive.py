"""What every archive keeps, whichever store it is: one suite for all implementations."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_profiles.wire import Value
from hub.archive import Point, Query
from hub.archive.embedded import EmbeddedArchive
from hub.archive.influx.influx import InfluxArchive
from tests.device_profiles.strategies import values
from tests.hub.archive.influxes import influx_archive
from tests.hub.made import AREA, T0_US

HOUR_US = 3_600_000_000


class Place:
    """Where archives of one implementation are made, kept open and opened again."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.opened: list[EmbeddedArchive | InfluxArchive] = []

    def open(self, name: str = "archive") -> EmbeddedArchive | InfluxArchive:
        """Open the archive of that name anew, as after a restart."""
        self.opened.append(self.made(name))
        return self.opened[-1]

    def fresh(self) -> EmbeddedArchive | InfluxArchive:
        """Open an archive that was never opened."""
        return self.open(f"archive-{len(self.opened)}")

    def made(self, name: str) -> EmbeddedArchive | InfluxArchive:
        """Return the archive of that name."""
        return EmbeddedArchive(self.folder / f"{name}.db")

    def close(self) -> None:
        """Close all of them."""
        for archive in self.opened:
            archive.close()


class InfluxPlaces(Place):
    """Archives in databases of one InfluxDB."""

    def made(self, name: str) -> InfluxArchive:
        """Return the archive of that name."""
        return influx_archive(self.url, self.folder, name=f"{self.folder.name}-{name}")


PLACES = {"embedded": Place, "influx": InfluxPlaces}  # a place for each implementation


@pytest.fixture(params=sorted(PLACES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Return where archives of each implementation in turn are made."""
    url = request.getfixturevalue("influx").url if request.param == "influx" else ""
    made = PLACES[request.param](tmp_path, url)
    yield made
    made.close()


def point(field: str = "speed", at_us: int = 0, value: Value = 1, *, seq: int = 1, epoch: int = 7) -> Point:
    """Return a point of lift-07."""
    return Point(AREA, "a-1", "lift-07", field, T0_US + at_us, value, epoch, "reading", seq)


def test_a_new_archive_is_empty(place: Place) -> None:
    """Nothing was archived, and its place is before the first record."""
    archive = place.open()
    assert archive.offset() == 0
    assert archive.read(Query()) == []
    assert archive.count_by_hour(Query()) == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(value=values)
def test_a_value_comes_back_with_its_type(place: Place, value: Value) -> None:
    """True is not 1, 1 is not 1.0, and unknown is not nothing."""
    archive = place.open()
    archive.write([point(value=value, seq=archive.offset() + 2)], offset=archive.offset() + 1)
    stored = archive.read(Query())[0].value
    assert (stored, type(stored)) == (value, type(value))


def test_everything_about_a_point_comes_back(place: Place) -> None:
    """Agent, epoch, lane, seq and the mark of history are kept over a restart, with the place."""
    points = [point(), msgspec.structs.replace(point("load_kg"), lane="backlog", seq=2**63 - 1, historical=True)]
    place.open().write(points, offset=5)
    again = place.open()
    assert again.offset() == 5
    assert again.read(Query()) == [points[1], points[0]]


def test_the_greater_epoch_and_seq_stays(place: Place) -> None:
    """Of two points of one identity the later word of the edge counts, not the later arrival."""
    archive = place.open()
    archive.write([point(value=2, seq=2), point(value=1, seq=1)], offset=1)
    assert archive.read(Query()) == [point(value=2, seq=2)]
    archive.write([point(value=3, epoch=8, seq=1)], offset=2)
    archive.write([point(value=4, seq=9)], offset=3)
    assert archive.read(Query()) == [point(value=3, epoch=8, seq=1)]


def test_what_gave_way_is_counted(place: Place) -> None:
    """Whichever came first, in one batch or in two, once; what is written again is no double; also after a restart."""
    archive = place.open()
    assert archive.superseded() == 0
    archive.write([point(value=2, seq=2), point(value=1, seq=1), point("load_kg")], offset=1)
    assert archive.superseded() == 1
    archive.write([point(value=2, seq=2), point("load_kg")], offset=1)
    assert archive.superseded() == 1
    archive.write([point(value=3, epoch=8, seq=1), point("load_kg", at_us=1)], offset=2)
    archive.write([point(value=4, seq=9)], offset=3)
    assert archive.superseded() == 3
    assert place.open().superseded() == 3


def test_the_place_never_goes_back(place: Place) -> None:
    """A part of a record is written under the place before it, even the first."""
    archive = place.open()
    archive.write([point()], offset=0)
    archive.write([], offset=9)
    archive.write([point("load_kg")], offset=4)
    assert archive.offset() == 9


def test_queries(place: Place) -> None:
    """By subject, field and time: from inclusive, to exclusive, the first ones up to the limit."""
    archive = place.open()
    points = [point(at_us=at) for at in range(4)] + [point("load_kg")]
    other = msgspec.structs.replace(point(), device="lift-08")
    archive.write([*points, other], offset=1)
    subject = f"{AREA}/lift-07"
    assert archive.read(Query(subject=subject, field="speed", from_us=T0_US + 1, to_us=T0_US + 3)) == points[1:3]
    assert archive.read(Query(field="load_kg")) == [points[4]]
    assert archive.read(Query(subject=f"{AREA}/lift-08")) == [other]
    assert archive.read(Query(limit=2)) == [points[4], points[0]]


def test_points_are_counted_by_hour(place: Place) -> None:
    """Each hour with points in it, by its start."""
    archive = place.open()
    hour = T0_US - T0_US % HOUR_US
    at = [0, 1, HOUR_US - 1, HOUR_US, 5 * HOUR_US]
    archive.write([point(at_us=hour - T0_US + offset) for offset in at], offset=1)
    assert archive.count_by_hour(Query()) == {hour: 3, hour + HOUR_US: 1, hour + 5 * HOUR_US: 1}
    assert archive.count_by_hour(Query(from_us=hour + HOUR_US)) == {hour + HOUR_US: 1, hour + 5 * HOUR_US: 1}
    assert archive.count_by_hour(Query(field="nothing")) == {}


POINTS = st.lists(
    st.builds(
        point,
        st.sampled_from(["speed", "load_kg"]),
        st.integers(0, 2),
        st.integers(0, 9),
        seq=st.integers(1, 5),
        epoch=st.integers(1, 2),
    ),
    max_size=8,
    unique_by=lambda made: (made.rank, made.field, made.t_us),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(points=POINTS, data=st.data())
def test_order_and_doubles_do_not_matter(place: Place, points: list[Point], data: st.DataObject) -> None:
    """Any order of the same points, any of them twice and in any batches, gives the same content."""
    arrivals = data.draw(st.permutations(points + data.draw(st.lists(st.sampled_from(points or [point()])))))
    archive = place.fresh()
    while arrivals:
        size = data.draw(st.integers(1, len(arrivals)))
        archive.write(arrivals[:size], offset=1)
        arrivals = arrivals[size:]
    expected = {(made.subject, made.field, made.t_us): made for made in sorted(points, key=lambda made: made.rank)}
    assert archive.read(Query()) == [expected[key] for key in sorted(expected)] or not points
