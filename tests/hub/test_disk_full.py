"""A really full disk: readings wait, events do not, and all goes on once there is room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.database import open_database
from hub.errors import JournalFull
from tests.hub.rig import AgentSide, HubProcess, event, pack, reading
from tests.servers import Mosquitto
from tests.system.small_disk import fill
from tests.system.small_disk import small_disk as mounted


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 24 MB."""
    with mounted(tmp_path / "small", "24m") as folder:
        yield folder


def test_invariant_06_events_commit_on_a_full_disk_and_readings_wait(
    mosquitto: Mosquitto, small_disk: Path, tmp_path: Path
) -> None:
    """Nothing that was not written is acked; the event is written all the same; nothing is lost in the end."""
    hub = HubProcess(small_disk, mosquitto.url, extra='[journal]\nreserve_bytes = "2MB"')
    hub.start()
    bulk = [pack(seq, "reading", *(reading(n) for n in range(1_000))) for seq in range(2, 22)]
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1))
        assert agent.receipted("reading", 1)
        fill(small_disk / "filler")
        agent.send(*bulk)
        agent.send(*(pack(seq, "event", event()) for seq in range(1, 6)))
        assert agent.receipted("event", 5)
        assert max(agent.receipted_to("reading")) < 21
        assert [alarm["rule"] for alarm in hub.alarms(open_only=True)] == ["lift.entrapment"]
        (small_disk / "filler").unlink()
        assert agent.receipted("reading", 21)
    assert hub.stop() == 0, "".join(hub.log)
    assert hub.totals() == {
        "published": 26,
        "received": 26,
        "doubled": 0,
        "late": 0,
        "resent": 0,
        "missing": 0,
        "outstanding": 0,
        "lost": 0,
        "lost_by": {},
        "quarantined": 0,
    }
    assert any("no room for readings" in line for line in hub.log)
    assert any("there is room for readings again" in line for line in hub.log)


@pytest.mark.parametrize("kill", [True, False])
def test_a_hub_starts_on_a_full_disk(mosquitto: Mosquitto, small_disk: Path, tmp_path: Path, kill: bool) -> None:
    """Killed or stopped, it comes up again by its reserve and raises alarms."""
    hub = HubProcess(small_disk, mosquitto.url, extra='[journal]\nreserve_bytes = "2MB"').start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1), pack(1, "event", event()))
        assert agent.receipted("event", 1)
        assert hub.process is not None
        hub.process.kill() if kill else hub.process.terminate()
        hub.ended()
        fill(small_disk / "filler")
        hub.start()
        agent.send(pack(2, "event", event()))
        assert agent.receipted("event", 2)
        (small_disk / "filler").unlink()
        agent.send(pack(2))
        assert agent.receipted("reading", 2)
    assert hub.stop() == 0


def test_who_looks_on_a_full_disk_is_told_which(small_disk: Path) -> None:
    """SQLite has no room for what it needs to read, and says "disk I/O error" of no file."""
    open_database(small_disk / "hub.db").dispose()
    fill(small_disk / "filler")
    with pytest.raises(JournalFull, match=r"hub\.db: no space left"):
        open_database(small_disk / "hub.db")
