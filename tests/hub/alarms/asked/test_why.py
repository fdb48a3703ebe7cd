"""Every alarm and every non-alarm has an answer; each kind of answer is reached here."""

from pathlib import Path

import pytest

from device_profiles.clock import Clock
from hub.alarms.asked.replay import state_before
from hub.alarms.asked.why import Standing, explain, stand
from hub.alarms.kept.reader import AlarmReader
from hub.database import open_database
from hub.errors import NoData
from hub.journal.journal import Journal, NewRecord
from tests.hub.alarms.scene import COVER, LIFT, Scene


def answers(scene: Scene, subject: str = COVER) -> dict[str, tuple[Standing, str]]:
    """Return how each rule stands on a device."""
    return {answer.rule: (answer.standing, answer.detail) for answer in stand(scene.state, subject)}


def test_every_standing_is_reached() -> None:
    """One device through its life."""
    scene = Scene(born=False)
    assert answers(scene)[""][0] is Standing.NO_BIRTH
    scene.birth(at_s=0)
    assert answers(scene)["cover.tilted"] == (Standing.UNKNOWN, "not known: tilt_deg")
    assert answers(scene)["cover.open"] == (Standing.AWAITS_EVENT, "opened by the event cover.opened")
    scene.cover(1, tilt_deg=2)
    assert answers(scene)["cover.tilted"] == (Standing.FALSE, "tilt_deg = 2")
    scene.cover(2, tilt_deg=20)
    scene.beat(3.5)
    standing, detail = answers(scene)["cover.tilted"]
    assert (standing, "has held 1.5 s of 2.0 s" in detail) == (Standing.PENDING, True)
    scene.cover(3.6, tilt_deg=None)
    assert answers(scene)["cover.tilted"][0] is Standing.FROZEN
    scene.cover(4, tilt_deg=20)
    scene.beat(6)
    assert answers(scene)["cover.tilted"][0] is Standing.OPEN
    scene.text({})
    assert answers(scene)[""][0] is Standing.NO_PROFILE


def test_a_record_says_what_it_did_and_did_not(tmp_path: Path) -> None:
    """From the journal, as of any record, also one that was refused or has changed nothing."""
    scene = Scene()
    scene.cover(1, tilt_deg=20)
    scene.beat(3)
    scene.cover(2, tilt_deg=1)  # late
    scene.event("lift.stuck_occupied", 4)
    journal, engine = Journal.open(tmp_path / "journal.db", reserve_bytes=0), open_database(tmp_path / "hub.db")
    rows = [NewRecord(r.received_us, r.kind, r.body, r.agent, r.epoch, r.lane, r.seq) for r in scene.records]  # type: ignore[arg-type]
    AlarmReader(engine, clock=Clock()).apply(journal.append(rows))
    told = {record.offset: explain(state_before(journal, engine, record.offset), record) for record in scene.records}
    assert [made.alarm.rule for made in told[4].made] == ["cover.tilted"]
    assert [refused.reason.value for refused in told[5].refused] == ["reading_late"]
    pending = {answer.rule: answer.standing for answer in told[3].answers if answer.subject == COVER}
    assert (pending["cover.tilted"], pending["cover.flooded"]) == (Standing.PENDING, Standing.UNKNOWN)
    assert [made.alarm.subject for made in told[6].made] == [LIFT]
    journal.cut(4)
    with pytest.raises(NoData):
        state_before(journal, engine, 3)
    journal.close()
    engine.dispose()
