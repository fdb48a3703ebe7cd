"""All zones of a camera judged together: each finding names its zone, values bear the profile's names."""

import msgspec
import pytest

from device_profiles.profile import load_profiles
from edge_agent.judge.berth.berth import EVENTS as BERTHS
from edge_agent.judge.finding import Finding
from edge_agent.judge.queue.queue import EVENTS as QUEUES
from edge_agent.vision.watch import Kept, ZoneWatch, plain_state
from edge_agent.vision.zones import Zone, Zones

S = 1_000_000
BOX = ((0, 0), (0, 20), (100, 20), (100, 0))
ZONES = Zones(100, 100, (Zone("b", "berth", BOX), Zone("l", "lane", BOX, cells=5), Zone("r", "road", BOX)))


def _scores(p: float | None) -> dict[str, float | None]:
    return {"b": p, "r": p} | {f"l/{at}": p for at in range(5)}


def _watched() -> tuple[ZoneWatch, list[Finding]]:
    """Return a watch of a minute of nothing and a minute of vehicles."""
    watch = ZoneWatch(ZONES)
    return watch, [one for at in range(120) for one in watch.take(at * S, _scores(0.03 if at < 60 else 0.97))]


def test_berths_and_lanes_speak_and_roads_do_not() -> None:
    """A road has a state and no stays."""
    watch, found = _watched()
    said = [(one.kind, one.data["zone"]) for one in found]
    assert said == [("berth.occupied", "b"), ("queue.formed", "l")]
    assert [str(watch.state(zone).state) for zone in "blr"] == ["occupied"] * 3


def test_events_and_values_stand_in_the_profile() -> None:
    """What the judges say has a severity, a name and a type."""
    spec = load_profiles()["camera_zone"].spec
    assert spec.events.keys() >= BERTHS | QUEUES
    watch, _ = _watched()
    for zone in "blr":
        assert watch.values(zone).keys() <= spec.values.keys()
    assert watch.values("l") | {"score": 1, "growth_mps": 0, "growing": None} == {
        "state": "occupied", "score": 1, "vehicles": 5, "queue_m": 25, "tail_m": 25, "at_least": True, "growth_mps": 0,
        "growing": None,
    }  # fmt: skip


def test_what_is_not_seen_is_unknown_at_once_and_null() -> None:
    """All zones, with the camera's trouble as the reason; a number that nobody knows is none."""
    watch, _ = _watched()
    found = watch.unseen(200 * S, reason="covered")
    assert {(one.kind, one.data["zone"], one.data["reason"]) for one in found} == {
        ("berth.unknown", "b", "covered"),
        ("queue.unknown", "l", "covered"),
    }
    assert watch.unseen(201 * S) == []
    assert set(watch.values("l").values()) == {"unknown", None}
    assert watch.values("b") == {"state": "unknown", "score": None}


def test_a_shift_moves_every_zone() -> None:
    """An hour forward is no hour of standing."""
    watch, _ = _watched()
    watch.shift(3600 * S)
    found = [one for at in range(120, 180) for one in watch.take((at + 3600) * S, _scores(0.03))]
    freed = next(one for one in found if one.kind == "berth.freed")
    assert freed.data["dwell_s"] == pytest.approx(60)
    assert "queue.over" in {one.kind for one in found}


def _resumed() -> ZoneWatch:
    """Return a watch that goes on where one ended that had seen a queue until the end of the second minute."""
    before, _ = _watched()
    kept = {zone: one for zone in "bl" if (one := before.kept(zone))}
    watch = ZoneWatch(ZONES)
    watch.resume(msgspec.json.decode(msgspec.json.encode(kept), type=dict[str, Kept]))
    return watch


def test_a_queue_that_stands_over_a_restart_is_told_once() -> None:
    """Nobody knows its length until it is seen again; that its camera sees nothing yet is no news."""
    watch = _resumed()
    assert [one.kind for one in watch.unseen(130 * S) if one.data["zone"] == "l"] == []
    assert watch.values("l")["queue_m"] is None
    found = [one for at in range(131, 190) for one in watch.take(at * S, _scores(0.97))]
    assert [one.kind for one in found if one.data["zone"] == "l"] == []
    assert watch.values("l")["queue_m"] == 25
    found = [one for at in range(190, 250) for one in watch.take(at * S, _scores(0.03))]
    assert [one.kind for one in found if one.data["zone"] == "l"] == ["queue.over"]


def test_a_queue_that_nobody_saw_for_long_is_unknown_first() -> None:
    """Whether it is the same one nobody can say."""
    watch = _resumed()
    found = watch.unseen(400 * S, reason="black")
    assert [(one.data["was"], one.data["reason"]) for one in found if one.kind == "queue.unknown"] == [
        ("queue", "unseen")
    ]
    found = [one for at in range(401, 460) for one in watch.take(at * S, _scores(0.97))]
    assert [one.kind for one in found if one.data["zone"] == "l"] == ["queue.formed"]


@pytest.mark.parametrize(
    ("ps", "state"),
    [([0.1, 0.9], "occupied"), ([None, 0.9], "occupied"), ([0.1, None], "unknown"), ([0.1, 0.2], "free")],
)
def test_one_look_at_a_lane(ps: list[float | None], state: str) -> None:
    """One full cell is enough; free are all, or nobody knows."""
    zone = Zone("l", "lane", BOX, cells=2)
    assert str(plain_state(zone, {f"l/{at}": p for at, p in enumerate(ps)}).state) == state
