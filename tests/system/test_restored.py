"""Backups that are put back: what the copy does not know is said anew or declared lost, and no alarm is false."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Mosquitto
from tests.system.chain import COVER, FREED, LIFT, SOUND, TILTED, TRAPPED, Chain


@pytest.fixture
def chain(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Chain]:
    """Run the line and the command centre; a device is silent later than a busy machine keeps it waiting."""
    with Chain(tmp_path, mosquitto, silent="60s") as found:
        yield found


def test_a_hub_from_a_backup_learns_what_it_has_forgotten(chain: Chain) -> None:
    """The gap is closed by the agent's word, and alarms that came after the backup are there again, each once."""
    chain.start()
    copy = chain.folder / "copy"
    chain.hub.ask("backup", chain.hub.config, copy, config=False)
    chain.show(COVER, TILTED)
    chain.show(LIFT, TRAPPED)
    assert chain.centre.hears("cover.moved", "raised")
    assert chain.centre.hears("lift.entrapment", "raised")
    assert chain.hub.stop() == 0
    shutil.rmtree(chain.hub.folder / "data")
    chain.hub.ask("restore", copy, chain.hub.config, config=False)
    chain.start_hub()
    assert chain.centre.hears("lift.entrapment", "raised", "raised")
    assert chain.centre.hears("cover.moved", "raised", "raised")
    chain.show(COVER, SOUND)
    chain.show(LIFT, FREED)
    assert chain.centre.hears("lift.entrapment", "raised", "raised", "cleared")
    assert chain.centre.hears("cover.moved", "raised", "raised", "cleared")
    assert {word.rule for word in chain.centre.words} == {"cover.moved", "lift.entrapment"}
    assert chain.settled()
    assert chain.hub.totals()["lost"] > 0
    assert chain.replays()
