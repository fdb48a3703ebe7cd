"""Sites over a real journal: two agents whose clocks differ, and a replay in another process."""

from pathlib import Path

from hub.alarms.asked.replay import replay_apart
from hub.alarms.kept.log import read_alarms
from tests.hub.alarms.asked.rig import kept
from tests.hub.alarms.scene import AREA, us
from tests.hub.alarms.street import KEPT, NORTH_M, Street, brief, north


def test_keys_of_agents_whose_clocks_differ_agree_and_a_replay_is_the_same(tmp_path: Path) -> None:
    """The sensors' agent is 30 s behind: what is 4 s apart agrees, what is 34 s apart does not, byte for byte again."""
    street = Street(slow_s=30, places=NORTH_M | {"gs-2": 24, "cam-2-road": 900, "gs-8": 910})
    for at_s in range(1, 4):
        street.see(at_s, "sound", evidence=KEPT)
        street.feel(at_s, False)
        street.tick(at_s)
    street.see(20, "hole", device="cam-2-road")
    street.see(21, "sound", device="cam-2-road")
    street.feel(54, True, device="gs-8")  # on its agent's clock 24 s: 3 s after the hole, as it were
    assert street.open("road.collapse") == []
    street.see(60, "hole", evidence=KEPT)
    made = street.feel(64, True)
    assert [each for each in brief(made) if each[1] == "road.collapse"] == [("raised", "road.collapse", "keys_agree")]
    street.feel(65, True, device="gs-2")
    street.see(66, "hole", device="cam-1-lane", evidence=KEPT)
    street.call(67, at=north(3))
    street.queue(68, device="cam-9-road")
    (alarm,) = street.open("road.collapse")
    assert (alarm.subject, alarm.t_fact_us, len(alarm.signs)) == (f"site:{AREA}/cam-1-road", us(64), 5)
    street.close(70, alarm)
    street.ticks(71, 110)
    street.see(111, "hole")
    journal, engine = kept(tmp_path, street)
    with engine.connect() as connection:
        known = {each.id: each for each in read_alarms(connection)}
    assert known[alarm.id].signs == alarm.signs
    journal.close()
    engine.dispose()
    found = replay_apart(tmp_path / "journal.db", tmp_path / "hub.db")
    assert (found.error, found.difference) == ("", None)
    assert found.stored == found.replayed == len(street.made) > 10
