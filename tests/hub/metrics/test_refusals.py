"""Each reason for which a fact changes nothing in the alarms, or is not archived, has its number on /metrics."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.wire import Reading
from hub.alarms.kept.reader import AlarmReader
from hub.alarms.transitions import Refusal
from hub.archive.embedded import EmbeddedArchive
from hub.archive.reader import ArchiveReader
from hub.database import open_database
from hub.journal.records import Record
from hub.metrics import asked
from hub.standing import alarm_metrics, numbers
from tests.hub.alarms.scene import LIFT, TEXTS, Scene, us
from tests.hub.alarms.street import Street
from tests.hub.made import pack, reading, record

TRAPPED = "lift.entrapment"
HOUR_US = 3_600_000_000


def trapped(scene: Scene) -> None:
    """Raise an alarm of a lift."""
    scene.tick(0)
    scene.event("lift.stuck_occupied", 1)


def late(scene: Scene) -> None:
    """Read a cover, then what it had measured before."""
    scene.cover(5, tilt_deg=1)
    scene.cover(1, tilt_deg=1, got_s=6)


def crowd(scene: Scene) -> None:
    """Let an agent invent devices."""
    for first in range(0, 10_500, 1_500):
        scene.pack(*(Reading(f"d-{n}", us(1), {"v": 1}) for n in range(first, first + 1_500)), at_s=1, agent="a-9")


def twice(scene: Scene) -> None:
    """Acknowledge an alarm again."""
    trapped(scene)
    for at_s in (2, 3):
        scene.act("ack", at_s=at_s, rule=TRAPPED, subject=LIFT)


def shelved(scene: Scene, *, hours: int, times: int) -> None:
    """Put a life-safety alarm aside by one person."""
    trapped(scene)
    for at_s in range(2, 2 + times):
        scene.act("shelve", at_s=at_s, rule=TRAPPED, subject=LIFT, because="test", for_us=hours * HOUR_US)


def uninspected(_: Scene) -> Street:
    """Close what only an inspection ends, for another reason; on a street of its own."""
    street = Street()
    street.see(1, "hole")
    street.feel(2, True)
    street.close(3, *street.open("road.collapse"), "repaired")
    return street


STORIES: dict[Refusal, Callable[[Scene], object]] = {
    Refusal.TIME_IN_FUTURE: lambda scene: scene.cover(100, got_s=1, tilt_deg=1),
    Refusal.READING_LATE: late,
    Refusal.FOREIGN_DEVICE: lambda scene: scene.pack(Reading("cover-1", us(1), {"tilt_deg": 1}), at_s=1, agent="a-2"),
    Refusal.TOO_MANY_DEVICES: crowd,
    Refusal.BODY_UNREADABLE: lambda scene: scene.record("act", 1, b"no JSON"),
    Refusal.PROFILE_UNREADABLE: lambda scene: scene.text({**TEXTS, "bad": "kind = ["}),
    Refusal.POLICY_UNREADABLE: lambda scene: scene.text(TEXTS, policy="shelving = ["),
    Refusal.ACT_UNKNOWN: lambda scene: scene.act("fly", at_s=1, rule=TRAPPED),
    Refusal.ACT_NAMELESS: lambda scene: scene.act("ack", at_s=1, rule=TRAPPED, actor=" "),
    Refusal.ACT_WITHOUT_ALARM: lambda scene: scene.act("ack", at_s=1, rule=TRAPPED, subject=LIFT),
    Refusal.ACT_REPEATED: twice,
    Refusal.ACT_NEEDS_REASON: uninspected,
    Refusal.ACT_TOO_LONG: lambda scene: shelved(scene, hours=99, times=1),
    Refusal.ACT_BY_SAME: lambda scene: shelved(scene, hours=1, times=2),
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Open a database of its own."""
    found = open_database(tmp_path / "hub.db")
    yield found
    found.dispose()


@pytest.mark.parametrize("reason", Refusal)
def test_each_refusal_of_the_alarms_has_its_number(engine: sa.Engine, reason: Refusal) -> None:
    """A reason that nobody can bring about here has no test, and fails."""
    scene = Scene()
    told = STORIES[reason](scene)
    scene = told if isinstance(told, Street) else scene
    reader = AlarmReader(engine, clock=Clock())
    reader.apply(scene.records)
    families = {family.name: family for family in alarm_metrics(engine, reader)}
    counts = {sample.labels["reason"]: sample.value for sample in families["citynerve_hub_alarms_refused"].samples}
    assert counts.keys() == {reason}


def cut(reader: ArchiveReader) -> None:
    """Let records go before they are read."""
    reader.apply([record(1, pack(reading(v=1)))])
    reader.apply([record(5, pack(reading(v=1), seq=5))])


def unreadable(reader: ArchiveReader) -> None:
    """Hand over a pack that another version has written."""
    reader.apply([Record(1, 1, "pack", "hz/xiacheng/chaoming/a-1", 7, "reading", 1, b'{"v":9}')])


@pytest.mark.parametrize(
    ("reason", "story"),
    [
        ("future", lambda reader: reader.apply([record(1, pack(reading(at_s=99, v=1)))])),
        ("undecodable", unreadable),
        ("cut", cut),
    ],
)
def test_what_is_not_archived_has_its_number(
    tmp_path: Path, reason: str, story: Callable[[ArchiveReader], None]
) -> None:
    """By reason, as the archive's reader counts it."""
    archive = EmbeddedArchive(tmp_path / "archive.db")
    reader = ArchiveReader(archive)
    story(reader)
    archive.close()
    family = asked("archive_refused", numbers(reader.refused))
    assert {sample.labels["reason"]: sample.value for sample in family.samples} == {reason: 1.0}
