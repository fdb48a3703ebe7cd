"""The alarm reader over a real database."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from device_profiles.clock import Clock
from hub.alarms.kept import store
from hub.alarms.kept.log import AlarmLog, history_of, read_alarms
from hub.alarms.kept.reader import HELD_RECORDS, AlarmReader
from hub.alarms.transitions import Transition
from hub.database import open_database
from hub.errors import CursorMoved
from tests.hub.alarms.scene import LIFT, Scene


class StoppedClock(Clock):
    """A clock whose real time moves by hand."""

    now_s = 100.0

    @staticmethod
    def real_s() -> float:
        """Return the time that was set."""
        return StoppedClock.now_s


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Open an empty database."""
    engine = open_database(tmp_path / "hub.db")
    yield engine
    engine.dispose()


def test_transitions_alarms_state_and_cursor_are_stored_together(engine: sa.Engine) -> None:
    """After a batch with a transition everything is on disk, and the channels hear of it."""
    scene, told = Scene(), list[Transition]()
    scene.event("lift.stuck_occupied", 5)
    scene.event("lift.stuck_occupied", 6)
    reader = AlarmReader(engine, clock=Clock(), on_transitions=told.extend)
    reader.apply(scene.records)
    assert told == scene.made
    log = AlarmLog(engine)
    assert log.after((0, -1), 10) == scene.made
    assert log.after((scene.made[0].offset, 0), 10) == scene.made[1:]
    assert log.standing() == scene.made[:1]  # a joined event is told to nobody
    again = AlarmReader(engine, clock=Clock())
    assert again.cursor() == reader.cursor() == len(scene.records)
    with engine.connect() as connection:
        assert read_alarms(connection, open_only=True) == [scene.made[1].alarm]
        assert history_of(connection, scene.made[0].alarm.id) == scene.made
        assert dict(store.load_state(connection).rows()) == dict(scene.state.rows())


def test_an_alarm_that_ends_gives_way_to_the_next_in_one_batch(engine: sa.Engine) -> None:
    """The index that keeps one open alarm does not stand in the way."""
    scene = Scene()
    for at_s in range(5):
        scene.event("lift.stuck_occupied", 10 * at_s)
        scene.event("lift.released", 10 * at_s + 5)
    scene.event("lift.stuck_occupied", 60)
    AlarmReader(engine, clock=Clock()).apply(scene.records)
    with engine.connect() as connection:
        assert [alarm.open for alarm in read_alarms(connection)] == [False] * 5 + [True]


def test_invariant_05_the_index_refuses_a_second_open_alarm(engine: sa.Engine) -> None:
    """Whatever else goes wrong, there is one open alarm for a rule and a subject."""
    scene, other = Scene(), Scene()
    (first,) = scene.event("lift.stuck_occupied", 5)
    other.tick(1)
    (second,) = other.event("lift.stuck_occupied", 6)
    with engine.begin() as connection:
        store.store_transitions(connection, [first])
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        store.store_transitions(connection, [second])


def test_without_transitions_it_is_stored_after_half_a_second_or_2000_records(engine: sa.Engine) -> None:
    """Quiet batches share one fsync; a crash folds them again."""
    scene = Scene()
    reader = AlarmReader(engine, clock=StoppedClock())
    reader.apply(scene.records)
    assert AlarmReader(engine, clock=StoppedClock()).cursor() == reader.cursor() == 0
    StoppedClock.now_s += 0.5
    scene.beat(1)
    reader.apply(scene.records[-1:])
    assert AlarmReader(engine, clock=StoppedClock()).cursor() == reader.cursor() == len(scene.records)
    before = len(scene.records)
    for n in range(HELD_RECORDS):
        scene.tick(n / 1000)
    reader.apply(scene.records[before:-1])
    assert reader.cursor() == before
    reader.apply(scene.records[-1:])
    assert reader.cursor() == len(scene.records)


def test_a_failed_commit_is_tried_again_without_folding_twice(engine: sa.Engine) -> None:
    """A full disk: the same batch comes again, the same transitions are stored once."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 5)
    reader = AlarmReader(engine, clock=Clock())
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON transitions BEGIN SELECT RAISE(FAIL, 'full'); END"
        )
    with pytest.raises(sa.exc.IntegrityError):
        reader.apply(scene.records)
    assert AlarmReader(engine, clock=Clock()).cursor() == 0
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    reader.apply(scene.records)
    assert AlarmLog(engine).after((0, -1), 10) == scene.made
    assert reader.cursor() == len(scene.records)


def test_two_readers_of_one_database_are_found_out(engine: sa.Engine) -> None:
    """The cursor moves by compare-and-set: the second hub stops."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 5)
    first, second = AlarmReader(engine, clock=Clock()), AlarmReader(engine, clock=Clock())
    first.apply(scene.records)
    scene.event("lift.stuck_empty", 6)
    with pytest.raises((CursorMoved, sa.exc.IntegrityError)):
        second.apply(scene.records)


def test_snapshots_stay_few_and_bound_the_cut(engine: sa.Engine) -> None:
    """Every so many records one is kept, spread over the journal; the cut goes no further than the newest."""
    scene = Scene()
    for n in range(100):
        scene.event("lift.stuck_occupied", n)
    first = 1
    reader = AlarmReader(engine, clock=Clock(), snapshot_every=2, first_offset=lambda: first)
    assert reader.cuttable() == 0
    for record in scene.records:
        reader.apply([record])
    with engine.connect() as connection:
        kept = store.snapshot_offsets(connection)
        assert len(kept) == store.MAX_SNAPSHOTS
        assert max(after - before for before, after in pairwise(kept)) <= 8
        offset, state = store.load_snapshot(connection, kept[3] + 1)
    assert offset == kept[3]
    assert state.occurrence("lift.entrapment", LIFT) is not None
    assert reader.cuttable() == kept[-1]
    first = 60
    for n in range(2):
        scene.event("lift.stuck_occupied", 200 + n)
        reader.apply(scene.records[-1:])
    with engine.connect() as connection:
        assert min(store.snapshot_offsets(connection)) >= 59
