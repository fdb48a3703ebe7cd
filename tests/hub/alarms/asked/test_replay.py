"""Replays of a real journal in a fresh process."""

from pathlib import Path

from hub.alarms.asked.replay import replay, replay_apart
from hub.journal.thinning import Thinning
from tests.hub.alarms.asked.rig import kept, story


def test_invariant_04_a_replay_in_another_process_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    """Another time zone, another hash seed, and the rules as recorded: from the start and from a snapshot."""
    scene = story()
    journal, engine = kept(tmp_path, scene)
    journal.close()
    engine.dispose()
    found = replay_apart(tmp_path / "journal.db", tmp_path / "hub.db")
    assert (found.error, found.difference) == ("", None)
    assert (found.first, found.last, found.records) == (1, len(scene.records), len(scene.records))
    assert found.stored == found.replayed == len(scene.made) > 10
    later = replay_apart(tmp_path / "journal.db", tmp_path / "hub.db", start=len(scene.records) - 3)
    assert later.same
    assert 0 < later.records < len(scene.records)


def test_a_replay_names_the_first_difference(tmp_path: Path) -> None:
    """A transition that was changed, is missing or was made up is found."""
    journal, engine = kept(tmp_path, story())
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE transitions SET body = X'7B7D' WHERE offset = (SELECT max(offset) FROM transitions)"
        )
    found = replay(journal, engine)
    assert found.difference is not None
    assert (found.difference.stored, found.same) == ("{}", False)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM transitions WHERE offset = (SELECT min(offset) FROM transitions)")
    found = replay(journal, engine)
    assert found.difference is not None
    assert found.difference.stored == ""
    journal.close()
    engine.dispose()


def test_invariant_04_a_thinned_journal_is_replayed_from_where_it_is_whole(tmp_path: Path) -> None:
    """Other readings would make other alarms: it begins at a snapshot behind them, or says that there is none."""
    journal, engine = kept(tmp_path, story())
    assert Thinning(journal).thin(20, short=True) == 20
    assert journal.first_offset() < 20 == journal.thinned().upto
    found = replay(journal, engine)
    assert found.same
    assert 20 < found.first < found.last
    assert replay(journal, engine, start=5).first == found.first
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM snapshots")
    found = replay(journal, engine)
    assert (found.same, "thinned" in found.error) == (False, True)
    journal.close()
    engine.dispose()


def test_a_replay_of_a_cut_journal_begins_at_a_snapshot(tmp_path: Path) -> None:
    """Text records stay behind the cut, which is no reason to begin there; without a snapshot it says so."""
    journal, engine = kept(tmp_path, story())
    journal.cut(20)
    found = replay(journal, engine)
    assert found.same
    assert 19 < found.first < found.last
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM snapshots")
    found = replay(journal, engine)
    assert not found.same
    assert "snapshot" in found.error
    journal.close()
    engine.dispose()
