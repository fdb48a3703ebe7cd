"""What would have fired by other rules, from the journal alone."""

from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.profile import parse_profile
from hub.alarms.asked.whatif import what_if
from hub.alarms.kept.reader import AlarmReader
from hub.database import open_database
from hub.journal.journal import Journal, NewRecord
from tests.hub.alarms.scene import MANHOLE, Scene, us


def test_before_and_after(tmp_path: Path) -> None:
    """A higher limit spares one alarm of two, a lower one makes one more; since when is up to the asker."""
    scene = Scene()
    for turn, tilt in enumerate((8, 12, 30)):
        scene.cover(turn * 100 + 100, tilt_deg=tilt)
        scene.beat(turn * 100 + 110)
        scene.cover(turn * 100 + 120, tilt_deg=1)
        scene.beat(turn * 100 + 140)
    journal, engine = Journal.open(tmp_path / "journal.db", reserve_bytes=0), open_database(tmp_path / "hub.db")
    rows = [NewRecord(r.received_us, r.kind, r.body, r.agent, r.epoch, r.lane, r.seq) for r in scene.records]  # type: ignore[arg-type]
    AlarmReader(engine, clock=Clock()).apply(journal.append(rows))

    def counted(limit: int, since_s: float = 0) -> tuple[int, int, int, int]:
        text = MANHOLE.replace("tilt_deg >= 10", f"tilt_deg >= {limit}")
        found = what_if(journal, engine, parse_profile(text, file="try.toml"), since_us=us(since_s))
        return len(found.before), len(found.after), len(found.gone), len(found.new)

    assert counted(10) == (2, 2, 0, 0)
    assert counted(20) == (2, 1, 1, 0)
    assert counted(6) == (2, 3, 0, 1)
    assert counted(20, since_s=250) == (1, 1, 0, 0)
    other = parse_profile(MANHOLE.replace('kind = "manhole_cover"', 'kind = "no_such_kind"'), file="try.toml")
    devices = [what_if(journal, engine, each).devices for each in (parse_profile(MANHOLE, file="try.toml"), other)]
    assert devices == [1, 0]
    journal.close()
    engine.dispose()
