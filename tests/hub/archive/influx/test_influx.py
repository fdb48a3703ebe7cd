"""The archive in a real InfluxDB 1.6.7: bad points, dead servers, and nothing missing in the end."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from pathlib import Path

import msgspec
import pytest

from device_profiles.clock import Clock
from hub.archive import Point, Query, Settle
from hub.archive.influx.bisect import bisect
from hub.archive.influx.influx import InfluxArchive
from hub.archive.influx.server import Refused
from hub.archive.reader import ArchiveReader
from hub.archive.refusals import RefusalReason
from hub.errors import StoreDown
from hub.journal.journal import Journal, Record
from hub.journal.readers import ReaderLoop
from tests.hub.archive.influxes import influx_archive, point, proxy, server_of
from tests.hub.made import AREA, T0_US, pack, reading, record, unwritten
from tests.servers import Server, influxd

SUBJECT = f"{AREA}/lift-07"
BEYOND_US = 2**63 // 1000 + 1  # a microsecond that InfluxDB cannot say


@pytest.fixture
def archive(influx: Server, tmp_path: Path) -> Iterator[InfluxArchive]:
    """Return an archive in a database of its own."""
    made = influx_archive(influx.url, tmp_path, name=tmp_path.name)
    yield made
    made.close()


@pytest.mark.parametrize("bad", [0, 2_500, 4_999])
def test_one_bad_point_in_5000_alone_stays_out(archive: InfluxArchive, bad: int) -> None:
    """At the beginning, in the middle, at the end: 4,999 are in, one is kept with the server's words."""
    points = [point(at) for at in range(5_000)]
    points[bad] = msgspec.structs.replace(points[bad], t_us=BEYOND_US, device="lift-08")
    archive.write(points, offset=9)
    assert sum(archive.count_by_hour(Query(subject=SUBJECT)).values()) == 4_999
    assert archive.read(Query(limit=20_000)) == points[:bad] + points[bad + 1 :]
    (refused,) = archive.refused()
    assert (refused.subject, refused.t_us, refused.offset) == (f"{AREA}/lift-08", BEYOND_US, 9)
    assert refused.reason is RefusalReason.REJECTED
    assert "time outside range" in refused.words
    assert str(BEYOND_US) in refused.line
    assert archive.offset() == 9


def test_a_type_conflict_keeps_out_one_value_of_one_reading(influx: Server, archive: InfluxArchive) -> None:
    """Somebody else has given a column another type: a partial write, of which every other value is in."""
    server_of(influx.url, archive.place.database).write(f'facts,device=x floor/int="third" {T0_US}'.encode())
    points = [point(at, field=field) for at in range(500) for field in ("load_kg", "car_position")]
    points += [point(500, field=field) for field in ("load_kg", "floor", "speed")]
    archive.write(points, offset=1)
    assert archive.count_by_hour(Query(subject=SUBJECT)) == {T0_US - T0_US % 3_600_000_000: 1_002}
    (refused,) = archive.refused()
    assert (refused.field, refused.t_us) == ("floor", T0_US + 500_000)
    assert "field type conflict" in refused.words


def test_a_conflict_inside_one_batch_is_found_too(influx: Server, tmp_path: Path) -> None:
    """The server takes nothing of a batch whose own lines disagree about a new column, and names none of them."""
    server = server_of(influx.url, tmp_path.name)
    lines = [f"m v={n} {n}" for n in range(100)]
    lines[60] = "m v=60i 60"
    with pytest.raises(Refused, match=r"^400: field type conflict$"):
        server.write("\n".join(lines).encode())
    found = list(bisect(lines, lambda some: server.write("\n".join(some).encode()), lambda _: ()))
    assert [line for line, _ in found] == ["m v=60i 60"]
    ((series,),) = server.query(["SELECT count(v) FROM m"])
    assert series.values[0][1] == 99
    server.close()


def test_a_point_beyond_retention_is_refused_alone(influx: Server, archive: InfluxArchive) -> None:
    """The server drops it from a batch and says so; the others are in."""
    name = archive.place.database
    server_of(influx.url, name).query(
        [f'CREATE RETENTION POLICY "short" ON "{name}" DURATION 520w REPLICATION 1 DEFAULT']
    )
    old = msgspec.structs.replace(point(), t_us=1_000_000, device="lift-01")
    archive.write([*(point(at) for at in range(100)), old, *(point(at) for at in range(100, 200))], offset=1)
    assert len(archive.read(Query())) == 200
    (refused,) = archive.refused()
    assert (refused.t_us, refused.subject) == (1_000_000, f"{AREA}/lift-01")
    assert "retention" in refused.words


def test_what_is_refused_again_is_kept_once(archive: InfluxArchive, tmp_path: Path) -> None:
    """A batch that is written again refuses the same points."""
    bad = msgspec.structs.replace(point(), t_us=BEYOND_US)
    archive.write([bad, point()], offset=1)
    archive.write([bad, point()], offset=1)
    assert len(archive.refused()) == 1
    assert archive.refusals.counts() == (1, 0)


def test_what_cannot_be_said_is_refused_here(archive: InfluxArchive) -> None:
    """NaN is no number in line protocol: the other values of its reading are in."""
    archive.write([point(value=float("nan")), point(field="load_kg")], offset=1)
    assert [stored.field for stored in archive.read(Query())] == ["load_kg"]
    assert [refused.reason for refused in archive.refused()] == [RefusalReason.UNENCODABLE]


def test_names_of_columns_are_values_too(archive: InfluxArchive) -> None:
    """A value may be called time, area or device."""
    points = [point(field=field, value=value) for field in ("area", "device", "time") for value in (1.5,)]
    archive.write(points, offset=1)
    assert archive.read(Query()) == points
    assert archive.read(Query(field="time")) == points[2:]
    assert sum(archive.count_by_hour(Query()).values()) == 3


def test_who_won_is_known_after_a_restart(influx: Server, archive: InfluxArchive, tmp_path: Path) -> None:
    """The greater (epoch, seq) stays whoever asks, also with another type, and each double is counted once."""
    archive.write([point(value=2, seq=5), point(value=1.5, field="speed", seq=5)], offset=1)
    again = influx_archive(influx.url, tmp_path, name=tmp_path.name)
    again.write([point(value=1, seq=4)], offset=2)
    again.write([point(value="up", field="speed", seq=6)], offset=3)
    again.write([point(value="up", field="speed", seq=6), point(value=2, seq=5)], offset=4)
    assert again.read(Query()) == [point(value=2, seq=5), point(value="up", field="speed", seq=6)]
    assert sum(again.count_by_hour(Query()).values()) == 2
    assert sum(again.count_by_hour(Query(field="speed")).values()) == 1
    assert again.superseded() == 2
    again.close()
    third = influx_archive(influx.url, tmp_path, name=tmp_path.name)
    assert (third.superseded(), third.offset()) == (2, 4)
    third.close()


def test_a_lost_database_is_filled_anew(influx: Server, archive: InfluxArchive) -> None:
    """The place goes with the data: who drops the database gets all of the journal again."""
    archive.write([point()], offset=5)
    server_of(influx.url, archive.place.database).query([f'DROP DATABASE "{archive.place.database}"'])
    with pytest.raises(StoreDown):
        archive.write([point(1)], offset=6)
    assert archive.offset() == 0
    archive.write([point(), point(1)], offset=6)
    assert len(archive.read(Query())) == 2


def test_a_lost_folder_archives_the_journal_again(influx: Server, archive: InfluxArchive, tmp_path: Path) -> None:
    """A place that is only in the database may be that of another journal: what is here begins at 0."""
    archive.write([point()], offset=5)
    (tmp_path / "other").mkdir()
    other = influx_archive(influx.url, tmp_path / "other", name=tmp_path.name)
    assert other.offset() == 0
    other.close()


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_server_in_trouble_is_waited_for(influx: Server, tmp_path: Path, status: int) -> None:
    """None of these is about the points: nothing is refused, nothing moves, and it goes on when the trouble ends."""
    trouble = threading.Event()

    def answer(path: str, body: bytes) -> tuple[int, bytes] | None:
        return (status, b'{"error":"not now"}') if trouble.is_set() and path.startswith("/write") else None

    with proxy(influx.url, answer) as url:
        archive = influx_archive(url, tmp_path, name=tmp_path.name)
        archive.write([point()], offset=1)
        trouble.set()
        with pytest.raises(StoreDown, match="not now"):
            archive.write([point(1), point(2)], offset=2)
        trouble.clear()
        assert (archive.offset(), archive.refused()) == (1, [])
        archive.write([point(1), point(2)], offset=2)
        assert len(archive.read(Query())) == 3
        archive.close()


@pytest.mark.parametrize("count", [1, 10])
def test_a_proxy_that_refuses_everything_empties_nothing_into_quarantine(
    influx: Server, tmp_path: Path, count: int
) -> None:
    """A 400 to what is good for certain is no word about the points."""

    def answer(path: str, body: bytes) -> tuple[int, bytes] | None:
        return (400, b"bad request") if path.startswith("/write") else None

    with proxy(influx.url, answer) as url:
        archive = influx_archive(url, tmp_path, name=tmp_path.name)
        with pytest.raises(StoreDown, match="bad request"):
            archive.write([point(at) for at in range(count)], offset=2)
        assert (archive.offset(), archive.refused()) == (0, [])
        archive.close()


def test_a_request_that_hangs_ends_in_time(influx: Server, tmp_path: Path) -> None:
    """A proxy that takes the batch and answers nothing costs the time-out; what it wrote or not is written again."""
    go_on = threading.Event()

    def answer(path: str, body: bytes) -> tuple[int, bytes] | None:
        if path.startswith("/write") and not go_on.is_set():
            go_on.wait(20)
        return None

    with proxy(influx.url, answer) as url:
        archive = influx_archive(url, tmp_path, name=tmp_path.name, timeout_s=0.5)
        with pytest.raises(StoreDown):
            archive.write([point()], offset=2)
        go_on.set()
        _until_written(archive)
        archive.close()
        patient = influx_archive(influx.url, tmp_path, name=tmp_path.name)
        assert (len(patient.read(Query())), patient.offset()) == (1, 2)
        patient.close()


def _until_written(archive: InfluxArchive) -> None:
    """Write again and again, as the reader does: half a second may be too little for a busy machine."""
    deadline_s = time.monotonic() + 30
    while True:
        try:
            archive.write([point()], offset=2)
        except StoreDown:
            assert time.monotonic() < deadline_s
        else:
            return


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Server]:
    """Return an InfluxDB that does not run yet and may be killed."""
    server = influxd(tmp_path / "influxd")
    yield server
    server.stop()


def test_a_kill_in_the_middle_of_writing_loses_nothing(
    mortal: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Down at the start, killed twice while batches are on their way: every point is there in the end, once."""
    server = mortal
    caplog.set_level("DEBUG", "hub.journal.readers")
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=4096)
    archive = influx_archive(server.url, tmp_path, batch_points=50)
    crashes: list[str] = []
    loop = ReaderLoop(journal, ArchiveReader(archive, batch_points=400), clock=Clock(), on_crash=crashes.append)
    loop.start()
    written = 0

    def append(count: int) -> int:
        nonlocal written
        rows = [
            unwritten(record(0, pack(reading(at_s=n / 1_000, floor=n, speed=n / 2), seq=n + 1)))
            for n in range(written, written + count)
        ]
        written += count
        return journal.append(rows)[-1].offset

    append(200)
    for _ in range(2):
        server.start()
        append(1_500)
        while archive.remembered() < written - 1_200 and not crashes:
            threading.Event().wait(0.005)  # nothing tells us how far the reader's thread is
        server.stop(kill=True)
        append(100)
    server.start()
    assert loop.drained(append(10), 60)
    loop.stop()
    stored = archive.read(Query(field="floor", limit=10_000))
    assert [made.value for made in stored] == list(range(written))
    assert sum(archive.count_by_hour(Query()).values()) == 2 * written
    assert (archive.refused(), archive.superseded(), crashes) == ([], 0, [])
    archive.close()
    journal.close()


def two(*, first: int) -> list[Record]:
    """Return two records, each of a pack of two values, observed a second apart."""
    return [record(first + n, pack(reading(at_s=first + n, a=1, b=2), seq=first + n)) for n in range(2)]


def places_of(archive: InfluxArchive) -> list[int]:
    """Return a list to which ``archive`` adds its place each time that a write has ended."""
    places: list[int] = []
    begin = archive.begin_write

    def watched(points: Sequence[Point], *, offset: int) -> Settle:
        settle = begin(points, offset=offset)

        def settled() -> None:
            settle()
            places.append(archive.remembered())

        return settled

    archive.begin_write = watched  # type: ignore[method-assign]
    return places


def test_points_of_a_pack_and_its_place(archive: InfluxArchive) -> None:
    """The place moves only when everything before it is in."""
    places = places_of(archive)
    ArchiveReader(archive, batch_points=3).apply(two(first=1))
    assert places == [1, 2]


def test_behind_a_write_that_failed_no_place_is_told(archive: InfluxArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server was away for the first of two writes and there for the second, which was on its way already."""
    places, server = places_of(archive), archive._server
    write, failed = server.write, threading.Event()

    def away_for_one(body: bytes) -> None:
        if not failed.is_set() and b"facts" in body:
            failed.set()
            raise StoreDown("influxdb", "gone")
        write(body)

    monkeypatch.setattr(server, "write", away_for_one)
    reader = ArchiveReader(archive, batch_points=2)
    with pytest.raises(StoreDown, match="gone"):
        reader.apply(two(first=1))
    assert (places, archive.remembered(), archive.offset()) == ([], 0, 0)
    assert len(archive.read(Query())) == 2, "the second write was in"
    reader.apply(two(first=1))
    assert (places[-1], archive.offset(), len(archive.read(Query())), archive.superseded()) == (2, 2, 4, 0)


def test_what_is_on_its_way_is_there_before_the_database_is_asked_for_it(
    archive: InfluxArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second value of an instant is put beside the first, though the first had not arrived when it came."""
    server, waited = archive._server, threading.Event()
    write = server.write

    def slow(body: bytes) -> None:
        assert waited.wait(10)
        write(body)

    def hurried(answers: Sequence[Future[object]]) -> object:
        waited.set()
        return wait(answers)

    monkeypatch.setattr(server, "write", slow)
    monkeypatch.setattr("hub.archive.influx.influx.wait", hurried)
    first = archive.begin_write([point(0, field="speed")], offset=1)
    second = archive.begin_write([point(0, field="load_kg")], offset=2)
    first()
    second()
    assert [made.field for made in archive.read(Query())] == ["load_kg", "speed"]
    assert (archive.offset(), archive.superseded()) == (2, 0)
