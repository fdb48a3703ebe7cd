"""A road of several cameras: what they say of their lanes becomes one queue, and what is missing is unknown."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from device_profiles.clock import Clock
from device_profiles.errors import ConfigError
from device_profiles.profile import load_profiles
from edge_agent.config import load_config
from edge_agent.judge.queue.course import EVENTS, Course, Phase
from edge_agent.judge.queue.road import Piece
from edge_agent.sample import Sample
from edge_agent.sources.camera.begin import camera_sources
from edge_agent.sources.camera.messages import Health, Report, ZoneWord, decode_report, encode_report
from edge_agent.sources.camera.road import Road, hear_of
from edge_agent.sources.camera.road_config import RoadConfig, RoadLane
from edge_agent.sources.camera.streams.frame import Image
from edge_agent.sources.camera.streams.trouble import Stream
from edge_agent.sources.camera.worker.eyes import Eyes
from edge_agent.vision.looker import Chosen
from edge_agent.vision.zones import Zone, Zones

S = 1_000_000
START = 1_763_600_000 * S
BOX = ((0, 0), (0, 20), (100, 20), (100, 0))
ZONES = Zones(100, 100, (Zone("1", "lane", BOX, cells=10), Zone("b", "berth", BOX)))  # a lane of 50 m
LANES = (RoadLane("a", "1"), RoadLane("b", "1", 30.0))


def _cells(word: str) -> tuple[Piece, ...]:
    state = {"#": True, ".": False, "?": None}
    return tuple(Piece(5.0 * at, 5.0 * at + 5, state[one], 0.9) for at, one in enumerate(word))


def _road() -> tuple[Road, list[Sample]]:
    said: list[Sample] = []
    return Road(RoadConfig("road", LANES), {"a": ZONES, "b": ZONES}, sink=said.append), said


def test_two_cameras_are_one_queue() -> None:
    """Twenty metres that both see are counted once; the events are the road's, and all of it is in its profile."""
    road, said = _road()
    hear_a, hear_b = hear_of([road], "a"), hear_of([road], "b")
    for at in range(30):
        hear_a("1", START + at * S, _cells("#" * 10))
        hear_b("1", START + at * S + 1000, _cells("########.."))
        hear_b("b", START + at * S, None)  # no lane of the road
    assert len(said) == 30
    assert said[-1].values["queue_m"] == 70
    assert said[-1].values["vehicles"] == 14
    assert [found.kind for sample in said for found in sample.findings] == ["queue.formed"]
    spec = load_profiles()["road_queue"].spec
    assert said[-1].values.keys() == spec.values.keys()
    assert spec.events.keys() >= EVENTS


def test_a_camera_that_sees_nothing_makes_its_part_unknown() -> None:
    """The rest is told, as at least; when nobody sees anything all numbers are null."""
    road, said = _road()
    road.hear("a", "1", START, _cells("#" * 10))
    road.hear("b", "1", START + 2 * S, None)
    assert (said[-1].values["queue_m"], said[-1].values["at_least"]) == (50, True)
    road.hear("a", "1", START + 4 * S, None)
    assert set(said[-1].values.values()) == {None}


def test_a_clock_that_was_set_back_does_not_silence_the_road() -> None:
    """The next word is told, with the new time."""
    road, said = _road()
    road.hear("a", "1", START, _cells("#" * 10))
    road.hear("a", "1", START - 3600 * S, _cells("#" * 10))
    road.hear("a", "1", START - 3598 * S, _cells("#" * 10))
    assert [sample.t_us - START for sample in said] == [0, -3598 * S]


def _told(said: Sequence[Sample]) -> list[str]:
    return [found.kind for sample in said for found in sample.findings]


def _hears(road: Road, word: str, *, since_s: int, seconds: int) -> None:
    for at in range(since_s, since_s + seconds):
        road.hear("a", "1", START + at * S, _cells(word) if word else None)


def _restarted(said: Sequence[Sample]) -> tuple[Road, list[Sample]]:
    """Return a road that begins with what the one before has stored."""
    stored = [sample.state for sample in said if sample.state]
    again: list[Sample] = []
    return Road(RoadConfig("road", LANES[:1]), {"a": ZONES}, sink=again.append, stored=stored[-1]), again


def _before(word: str = "#" * 10) -> list[Sample]:
    said: list[Sample] = []
    road = Road(RoadConfig("road", LANES[:1]), {"a": ZONES}, sink=said.append)
    _hears(road, word, since_s=0, seconds=100)
    return said


def test_a_queue_that_stands_over_a_restart_is_told_once() -> None:
    """Until it is seen again it has no length; then it is the same one, and its end is told."""
    said = _before()
    assert _told(said) == ["queue.formed"]
    road, again = _restarted(said)
    _hears(road, "", since_s=100, seconds=20)
    assert {value for sample in again for value in sample.values.values()} == {None}
    _hears(road, "#" * 10, since_s=120, seconds=40)
    assert _told(again) == []
    assert again[-1].values["queue_m"] == 50
    _hears(road, "." * 10, since_s=160, seconds=40)
    assert _told(again) == ["queue.over"]


def test_a_queue_that_grows_over_a_restart_grows_on() -> None:
    """What was measured before counts: it is not told a second time, and its rest is."""
    said: list[Sample] = []
    road = Road(RoadConfig("road", LANES[:1]), {"a": ZONES}, sink=said.append)
    for at in range(100):
        cells = min(9, 1 + at // 10)
        road.hear("a", "1", START + at * S, _cells("#" * cells + "." * (10 - cells)))
    assert _told(said) == ["queue.formed", "queue.growing"]
    road, again = _restarted(said)
    _hears(road, "#########.", since_s=110, seconds=10)
    assert again[-1].values["growing"] is True
    assert again[-1].values["growth_mps"] > 0.2
    _hears(road, "#########.", since_s=120, seconds=180)
    assert _told(again) == ["queue.steady"]


@pytest.mark.parametrize("seen_s", [251, -300])
def test_a_queue_that_nobody_saw_for_long_is_unknown(seen_s: int) -> None:
    """Nobody says that it is the same one, nor of one from the future: it is told that it is unknown, and then anew."""
    road, again = _restarted(_before())
    _hears(road, "#" * 10, since_s=seen_s, seconds=30)
    assert _told(again) == ["queue.unknown", "queue.formed"]
    assert again[0].findings[0].data["was"] == "queue"
    road, again = _restarted(_before())
    _hears(road, "", since_s=100, seconds=200)
    (unknown,) = [found for sample in again for found in sample.findings]
    assert (unknown.kind, unknown.data["was"]) == ("queue.unknown", "queue")
    assert 190 <= (unknown.t_us - START) / S <= 251  # when it was seen last is written once a minute


def test_a_road_that_was_free_is_free_again_without_a_word() -> None:
    """And what was unknown when the agent ended begins as it does after any worker's loss."""
    road, again = _restarted(_before("." * 10))
    _hears(road, "." * 10, since_s=100, seconds=60)
    assert _told(again) == []
    road, again = _restarted([*again, *_restarted(_before())[1]])
    _hears(road, "#" * 10, since_s=160, seconds=60)
    assert _told(again) == ["queue.formed"]


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"phase":"long"}', b'{"lengths":7}'])
def test_a_stored_road_that_cannot_be_read_begins_anew(text: bytes) -> None:
    """A file that somebody wrote into stops no road."""
    said: list[Sample] = []
    road = Road(RoadConfig("road", LANES[:1]), {"a": ZONES}, sink=said.append, stored=text)
    _hears(road, "#" * 10, since_s=0, seconds=30)
    assert _told(said) == ["queue.formed"]


def test_a_road_is_written_with_its_events_and_once_a_minute() -> None:
    """Not with each look."""
    said = _before()
    written = [(sample.t_us - START) // S for sample in said if sample.state]
    (formed,) = [(sample.t_us - START) // S for sample in said if sample.findings]
    assert written == [0, formed, formed + 60]


def test_the_next_agent_hands_a_road_what_was_stored(tmp_path: Path) -> None:
    """Its cameras begin: the road is not told to be unknown before the bound."""
    roads = '[[roads]]\ndevice = "r"\nlanes = [{ camera = "a", zone = "1" }]\n'
    loaded, now_us = load_config(_config(tmp_path, roads)), Clock().wall_us()
    said: list[Sample] = []
    kept = msgspec.json.encode(Course(Phase.QUEUE, known=True, last_us=now_us - S))
    source, _ = camera_sources(loaded, sink=said.append, clock=Clock(), states={"r": kept})
    for late_s in (0, 200):
        word = ZoneWord("1", {"state": "unknown"})
        source.take(Report(now_us + late_s * S, Health(None, Stream.CONNECTING, "", {}, {}, {}), (word,)))
    told = [found.kind for sample in said if sample.device == "r" for found in sample.findings]
    assert told == ["queue.unknown"]
    assert [len(sample.findings) for sample in said if sample.device == "r"] == [0, 1]


def test_a_lanes_cells_cross_the_pipe() -> None:
    """As they are; a berth has none."""
    word = ZoneWord("1", {"state": "occupied"}, (), _cells("#.?"))
    report = Report(START, Health(True, Stream.LIVE, "", {}, {}, {}), (word,))
    assert decode_report(encode_report(report)[4:]) == report


class _Full:
    """Sees a vehicle everywhere."""

    def prepare(self, _frame: Image, *, t_us: int | None = None) -> Chosen:
        """Choose nothing."""
        assert t_us is not None
        return Chosen([])

    def look(self, frame: Image, *, t_us: int | None = None, chosen: Chosen | None = None) -> dict[str, float | None]:
        """Return it."""
        assert frame.shape[:2] == (100, 100)
        assert chosen is not None
        assert t_us is not None
        return {"b": 0.97} | {f"1/{at}": 0.97 for at in range(10)}


def test_the_workers_words_bear_a_lanes_cells() -> None:
    """Ten of them, full after a while; a berth has none."""
    eyes = Eyes(ZONES, _Full(), clock=Clock())
    image = np.zeros((100, 100, 3), np.uint8)
    words = [
        word
        for at in range(30)
        for word in eyes.seen(image, START + at * S, prepared=eyes.prepare(image, START + at * S))
    ]
    cells = [word.pieces for word in words if word.zone == "1"][-1]
    assert [(one.end_m, one.stopped) for one in cells] == [(5.0 * at + 5, True) for at in range(10)]
    assert {word.pieces for word in words if word.zone == "b"} == {()}


def _config(folder: Path, roads: str) -> Path:
    (folder / "z.json").write_bytes(
        b'{"width":100,"height":100,"zones":[{"id":"1","kind":"lane","polygon":[[0,0],[0,20],[90,20],[90,0]]},'
        b'{"id":"b","kind":"berth","polygon":[[0,30],[0,60],[90,60],[90,30]]}]}'
    )
    path = folder / "agent.toml"
    cameras = "".join(f'[[cameras]]\ndevice = "{name}"\nurl = "f"\nzones = "z.json"\n' for name in ("a", "b"))
    (folder / "f").mkdir()
    path.write_text(f'agent = "g"\narea = "hz/x/c"\ndata = "d"\n{cameras}{roads}', encoding="utf-8")
    return path


def test_a_road_is_a_device_of_its_own(tmp_path: Path) -> None:
    """A birth names it with its profile and asset."""
    roads = '[[roads]]\ndevice = "r"\nasset = "R-1"\nlanes = [{ camera = "a", zone = "1" }]\n'
    loaded = load_config(_config(tmp_path, roads))
    assert ("r", "road_queue", "R-1") in [(one.device, one.profile, one.asset) for one in loaded.bindings]
    assert "road_queue" in loaded.profiles


@pytest.mark.parametrize(
    ("road", "said"),
    [
        ('device = "r"\nlanes = [{ camera = "c", zone = "1" }]', "roads[0].lanes[0].camera: 'c' is no camera"),
        ('device = "r"\nlanes = [{ camera = "a", zone = "b" }]', "roads[0].lanes[0].zone: 'b' is no lane"),
        ('device = "a"\nlanes = [{ camera = "a", zone = "1" }]', "roads[0].device: 'a' is used twice"),
        ('device = "a-1"\nlanes = [{ camera = "a", zone = "1" }]', "is used twice"),
        ('device = "r"\nprofile = "lift_terminal"\nlanes = [{ camera = "a", zone = "1" }]', "is no road"),
        ('device = "r"\nlanes = [{ camera = "a", zone = "1" }, { camera = "a", zone = "1" }]', "stands twice"),
        ('device = "r"\nlanes = []', "roads[0].lanes"),
    ],
)
def test_a_road_that_means_nothing_is_refused(tmp_path: Path, road: str, said: str) -> None:
    """With file and key."""
    with pytest.raises(ConfigError) as refused:
        load_config(_config(tmp_path, f"[[roads]]\n{road}\n"))
    assert said in str(refused.value)
