"""The ledger on disk is exact again after any crash, and its owner never waits for the disk."""

from pathlib import Path

import pytest

from device_profiles.clock import Clock
from hub.database import open_database
from hub.errors import CursorMoved
from hub.journal.journal import Journal
from hub.ledger.ledger import Ledger
from hub.ledger.store import LedgerSaver, catch_up, load, save
from hub.ledger.view import view
from tests.hub.intake.rig import take
from tests.hub.rig import event, lost, pack


def test_what_was_not_stored_is_folded_again(tmp_path: Path) -> None:
    """Stored in the middle, or never: with the journal it is the same ledger."""
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    engine = open_database(tmp_path / "hub.db")
    ledger = Ledger()
    saver = LedgerSaver(engine, ledger)
    saver.start()
    take(ledger, journal, pack(1), pack(1), pack(4), pack(1, "event", lost("reading", 2, 2)))
    saver.offer(0.0, force=True)
    saver.stop()
    assert saver.stored == ledger.cursor
    take(ledger, journal, pack(3), pack(3), pack(2), pack(2, "event", event()), pack(9))
    for again in (load(engine), Ledger()):
        catch_up(again, journal)
        assert view(again) == view(ledger)
    total = view(ledger).total
    assert (total.received, total.doubled, total.missing, total.lost) == (7, 2, 4, 0)
    engine.dispose()
    journal.close()


def test_it_is_stored_every_second_and_not_more_often(tmp_path: Path) -> None:
    """Two changes within a second are one store."""
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    engine = open_database(tmp_path / "hub.db")
    ledger, now_s = Ledger(), Clock.real_s()
    saver = LedgerSaver(engine, ledger)
    take(ledger, journal, pack(1))
    saver.offer(now_s)
    assert ledger.dirty == set()
    take(ledger, journal, pack(2))
    saver.offer(now_s + 0.5)
    assert ledger.dirty != set()
    saver.offer(now_s + 1.0)
    assert ledger.dirty == set()
    saver.start()
    saver.stop()
    assert view(load(engine)) == view(ledger)
    engine.dispose()
    journal.close()


def test_two_hubs_on_one_database_are_noticed(tmp_path: Path) -> None:
    """A cursor that is not where it was left is an error, not a merge."""
    engine = open_database(tmp_path / "hub.db")
    save(engine, {}, old=0, new=5)
    with pytest.raises(CursorMoved):
        save(engine, {}, old=3, new=7)
    engine.dispose()
