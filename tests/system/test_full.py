"""Full disks, at the agent and at the hub: alarms go on, readings wait, and all is there once there is room."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Mosquitto
from tests.system.chain import COVER, FREED, LIFT, SOUND, TILTED, TRAPPED, Chain
from tests.system.small_disk import fill, small_disk

pytestmark = pytest.mark.long


@pytest.fixture
def agents_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 3 MB for an agent."""
    with small_disk(tmp_path / "small", "3m") as folder:
        yield folder


@pytest.fixture
def hubs_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 24 MB for a hub."""
    with small_disk(tmp_path / "hub", "24m") as folder:
        yield folder


def test_an_agent_on_a_full_disk_alarms_all_the_same(tmp_path: Path, mosquitto: Mosquitto, agents_disk: Path) -> None:
    """While no hub hears it either: the event is kept by the reserve, and is told when the hub is back."""
    with Chain(tmp_path, mosquitto, data=str(agents_disk), outbox='reserve_bytes = "1MB"', silent="60s") as chain:
        chain.start()
        assert chain.hub.stop() == 0
        fill(agents_disk / "filler")
        chain.show(LIFT, TRAPPED)
        chain.agent.wait_for("lift.stuck_occupied")
        chain.show(COVER, TILTED)
        chain.agent.wait_for("readings wait")
        chain.start_hub()
        assert chain.centre.hears("lift.entrapment", "raised")
        (agents_disk / "filler").unlink()
        assert chain.centre.until(lambda: chain.centre.kinds("cover.moved")[-1:] == ["raised"])
        chain.show(LIFT, FREED)
        assert chain.centre.until(lambda: chain.centre.kinds("lift.entrapment")[-1] == "cleared")
        assert chain.settled()
        assert chain.replays()


def test_an_agent_that_is_killed_on_a_full_disk_comes_back(
    tmp_path: Path, mosquitto: Mosquitto, agents_disk: Path
) -> None:
    """The event that was kept by the reserve survives SIGKILL on the full disk, and a start on it."""
    with Chain(tmp_path, mosquitto, data=str(agents_disk), outbox='reserve_bytes = "1MB"', silent="60s") as chain:
        chain.start()
        assert chain.hub.stop() == 0
        fill(agents_disk / "filler")
        chain.show(LIFT, TRAPPED)
        chain.agent.wait_for("lift.stuck_occupied")
        assert chain.until(lambda: kept_events(agents_disk) == 2)
        chain.agent.kill()
        chain.start_agent()
        chain.start_hub()
        assert chain.centre.hears("lift.entrapment", "raised")
        (agents_disk / "filler").unlink()
        chain.show(LIFT, FREED)
        assert chain.centre.until(lambda: chain.centre.kinds("lift.entrapment")[-1] == "cleared")
        assert chain.settled()
        assert chain.replays()


def test_a_hub_on_a_full_disk_alarms_all_the_same(tmp_path: Path, mosquitto: Mosquitto, hubs_disk: Path) -> None:
    """A trapped passenger is told while readings wait at the edge; their tilt is told once there is room."""
    with Chain(tmp_path, mosquitto, hub_extra='[journal]\nreserve_bytes = "2MB"', silent="60s") as chain:
        chain.start()
        fill(hubs_disk / "filler")
        chain.show(COVER, TILTED)
        chain.show(LIFT, TRAPPED)
        assert chain.centre.hears("lift.entrapment", "raised")
        assert chain.until(lambda: any("no room for readings" in line for line in chain.hub.log))
        (hubs_disk / "filler").unlink()
        assert chain.centre.until(lambda: chain.centre.kinds("cover.moved")[-1:] == ["raised"])
        chain.show(LIFT, FREED)
        chain.show(COVER, SOUND)
        assert chain.centre.until(lambda: chain.centre.kinds("lift.entrapment")[-1] == "cleared")
        assert chain.centre.until(lambda: chain.centre.kinds("cover.moved")[-1] == "cleared")
        assert [word.kind for word in chain.centre.words].count("raised") == 2
        assert chain.settled()
        assert chain.replays()


def kept_events(folder: Path) -> int:
    """Return how many packs of the event lane the outbox holds."""
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'outbox.db'}?mode=ro", uri=True)) as outbox:
        return int(outbox.execute("SELECT count(*) FROM packs WHERE lane = 'event'").fetchone()[0])
