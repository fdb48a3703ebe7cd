"""On a really full disk events still commit, readings wait, and all goes on once there is room."""

import io
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.durable import is_disk_full
from device_profiles.wire import Event, Reading
from edge_agent.outbox import Bounds
from tests.edge_agent.outbox.opened import WAIT_S, event, facts_of, held, lonely, lost, opened, put, reading

BOUNDS = Bounds(reserve_bytes=1_000_000)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 8 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("tmpfs cannot be mounted")
        pytest.skip("tmpfs cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _fill(folder: Path) -> Path:
    """Take all the room there is."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file, pytest.raises(OSError) as caught:
        _write_for_ever(file)
    assert is_disk_full(caught.value)
    assert shutil.disk_usage(folder).free == 0
    return path


def _write_for_ever(file: io.RawIOBase) -> None:
    while True:
        file.write(b"x" * 4096)


def test_events_commit_on_the_reserve_readings_wait_and_all_goes_on(small_disk: Path) -> None:
    """Nothing is lost: neither the events meanwhile nor the readings that waited."""
    with opened(small_disk / "data", bounds=BOUNDS) as outbox:
        put(outbox, "reading", reading(0))
        filler = _fill(small_disk)
        waited = threading.Event()
        for n in range(1, 200):
            # larger than the pages that the file still has free
            outbox.put({"reading": [reading(n, size=2000)]}, then=waited.set if n == 199 else None)
        for n in range(50):
            put(outbox, "event", event(n))
        assert facts_of(held(outbox, "event")) == [event(n) for n in range(50)]
        assert len(facts_of(held(outbox, "reading"))) < 200
        assert not (small_disk / "data" / "reserve").exists()
        filler.unlink()
        arrived = threading.Event()
        outbox.on_commit = arrived.set
        assert arrived.wait(WAIT_S)
        assert facts_of(held(outbox, "reading")) == [reading(0), *(reading(n, size=2000) for n in range(1, 200))]
        assert (small_disk / "data" / "reserve").stat().st_size == 1_000_000


def test_invariant_06_readings_are_thinned_for_events_when_the_reserve_is_used_up(small_disk: Path) -> None:
    """More events than the reserve holds take the place of readings: least, greatest and last of a minute stay."""
    count = 1200
    with opened(small_disk / "data", bounds=BOUNDS) as outbox:
        for start in range(0, count, 10):
            put(outbox, "backlog", *(reading(n, size=2000) for n in range(start, start + 10)))
        _fill(small_disk)
        for n in range(300):
            put(outbox, "event", event(n, size=1500), event(n + 1000, size=1500))
        kept = facts_of(held(outbox, "event"))
        assert [fact.data["n"] % 1000 for fact in kept if isinstance(fact, Event)] == [n // 2 for n in range(600)]
        packs, markers = held(outbox, "backlog"), lost(outbox)
        assert {marker.reason for marker in markers} == {"thinned"}
        whole = sum(pack.count for pack in packs if not pack.stands_for)
        assert whole + sum(marker.facts for marker in markers) == count
        assert whole < count
        assert min(fact.values["n"] for fact in facts_of(packs) if isinstance(fact, Reading)) == 0  # type: ignore


def test_readings_make_room_for_events_when_nothing_can_be_thinned(small_disk: Path) -> None:
    """One reading a minute: they are declared lost."""
    with opened(small_disk / "data", bounds=BOUNDS) as outbox:
        for n in range(1000):
            put(outbox, "reading", lonely(n, size=2000))
        _fill(small_disk)
        for n in range(600):
            put(outbox, "event", event(n, size=1500), event(n + 1000, size=1500))
        kept = facts_of(held(outbox, "event"))
        assert [fact.data["n"] % 1000 for fact in kept if isinstance(fact, Event)] == [n // 2 for n in range(1200)]
        gone = sum(marker.last - marker.first + 1 for marker in lost(outbox))
        assert {marker.reason for marker in lost(outbox)} == {"evicted"}
        assert gone > 0
        assert gone + len(held(outbox, "reading")) == 1000


def test_an_outbox_opens_on_a_full_disk(small_disk: Path) -> None:
    """The reserve that an earlier start took is what it opens with."""
    with opened(small_disk / "data", bounds=BOUNDS) as outbox:
        put(outbox, "event", event(1))
    filler = _fill(small_disk)
    with opened(small_disk / "data", bounds=BOUNDS) as outbox:
        put(outbox, "event", event(2))
        assert facts_of(held(outbox, "event")) == [event(1), event(2)]
    filler.unlink()
