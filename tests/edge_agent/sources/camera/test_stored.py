"""A stay outlives the agent: what is written and when, what is read again, and a kill while vehicles stand there."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import msgspec
import pytest

from device_profiles.clock import Clock
from edge_agent.config import load_config
from edge_agent.desk import Desk
from edge_agent.judge.berth.stay import Stay
from edge_agent.sources.camera.begin import camera_sources, order_of
from edge_agent.sources.camera.messages import Health, Report, ZoneWord
from edge_agent.sources.camera.source import CameraSource
from edge_agent.sources.camera.stored import REWRITE_US, Stored, read_stored
from edge_agent.sources.camera.streams.trouble import Loss, Stream, Trouble
from edge_agent.vision.watch import Kept
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.places.car_park import LENS, car_park
from tests.edge_agent.agents import AgentProcess
from tests.edge_agent.outbox.opened import opened
from tests.edge_agent.sources.camera.rig import CAMERA, HEAD, ZONES

S = 1_000_000
START = 1_763_600_000 * S
WELL = Health(True, Stream.LIVE, "", dict.fromkeys(Trouble, False), {}, {})
DEVICES = {"1": "camera-1-1"}


def _stay(seen_s: float, *, arrived_s: float = 0) -> Kept:
    return Kept(Stay(START + round(arrived_s * S), START + round(seen_s * S)), "occupied")


def test_what_is_new_is_written_at_once_and_what_goes_on_once_a_minute() -> None:
    """A thousand berths that stand still write a thousand rows a minute, not five thousand a second."""
    stored = Stored({})
    assert stored.keep("1", _stay(0), START) != b""
    rewritten = [at for at in range(1, 200) if stored.keep("1", _stay(at), START + at * S)]
    assert rewritten == [REWRITE_US // S * n for n in (1, 2, 3)]
    gone = Kept(None, "free")
    assert msgspec.json.decode(stored.keep("1", gone, START + 200 * S), type=Kept) == gone
    assert [stored.keep("1", gone, START + at * S) for at in (201, 1000)] == [b"", b""]


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"stay":{"arrived_us":"x"}}', b'{"told":7}'])
def test_what_cannot_be_read_begins_anew(text: bytes) -> None:
    """A file that somebody wrote into stops no camera."""
    assert read_stored(ZONES.zones, {"camera-1-1": text, "camera-1-9": b""}, devices=DEVICES) == {}


@contextmanager
def _agent(folder: Path) -> Iterator[CameraSource]:
    """Open an agent's camera, desk and outbox, as they are wired."""
    loaded = load_config(folder / "agent.toml")
    with opened(folder / "data") as outbox:
        desk = Desk(loaded, outbox, states=outbox.states(), clock=Clock())
        (source,) = camera_sources(loaded, sink=desk.take, clock=Clock(), states=outbox.states())
        yield source


def _config(folder: Path, camera: str) -> Path:
    path = folder / "agent.toml"
    path.write_text(HEAD + camera + 'zones = "zones.json"\n')
    return path


def test_the_next_agent_goes_on_with_what_was_committed(tmp_path: Path) -> None:
    """The stay and what was told of it; after a worker of its own was lost, that this was told."""
    zone = {"id": "1", "kind": "berth", "polygon": ZONES.zones[0].polygon}
    (tmp_path / "zones.json").write_text(json.dumps({"width": 400, "height": 224, "zones": [zone]}))
    _config(tmp_path, CAMERA)
    fresh = order_of((loaded := load_config(tmp_path / "agent.toml")).config.cameras[0], loaded)
    with _agent(tmp_path) as first:
        assert first.renewed(fresh).kept == {}
        first.take(Report(START, WELL, (ZoneWord("1", {"state": "occupied"}, kept=_stay(0)),)))
    with _agent(tmp_path) as second:
        assert second.renewed(fresh).kept == {"1": _stay(0)}
        second.take(Report(START, WELL, (ZoneWord("1", {"state": "occupied"}, kept=_stay(9)),)))
        second.lose(Loss.CRASHED, "")
    with _agent(tmp_path) as third:
        assert third.renewed(fresh).kept == {"1": Kept(_stay(9).stay, "unknown")}


@pytest.mark.long
def test_a_vehicle_stands_there_over_a_kill_of_the_agent(tmp_path: Path) -> None:
    """SIGKILL while vehicles stand in a drawn car park: the next agent keeps their arrivals, and says the gap."""
    scene = car_park(1, busy=0.02)
    renderer = Renderer(scene, LENS)
    (tmp_path / "stills").mkdir()
    for at in range(150):
        cv2.imwrite(str(tmp_path / "stills" / f"{at:03}.jpg"), renderer.frame(at / 5))
    zones = [{"id": name, "kind": "berth", "polygon": points} for name, points in renderer.zones().items()]
    drawn = {"width": LENS.width, "height": LENS.height, "zones": zones}
    (tmp_path / "zones.json").write_text(json.dumps(drawn))
    config = _config(tmp_path, CAMERA.replace("rtsp://127.0.0.1:1/stream", "stills"))
    full = {f"camera-1-{one.id}" for one in scene.berths if scene.occupied(one.id, 0) and scene.occupied(one.id, 30)}
    before = _run_until(config, lambda stays: full <= stays.keys())
    after = _run_until(config, lambda stays: all(stays[name].unseen_us for name in full))
    assert full
    assert {name: after[name].arrived_us for name in full} == {name: before[name].arrived_us for name in full}
    assert all(after[name].gap for name in full)


def _run_until(config: Path, holds: Callable[[dict[str, Stay]], bool]) -> dict[str, Stay]:
    """Run an agent until the stays that it has stored are so, and kill it; return them."""
    agent = AgentProcess(config)
    try:
        deadline_s = time.monotonic() + 40
        while not holds(stays := _stays(config.parent / "data" / "outbox.db")):
            assert time.monotonic() < deadline_s, (stays, agent.log)
            time.sleep(0.2)
    finally:
        agent.kill()
    return stays


def _stays(file: Path) -> dict[str, Stay]:
    if not file.exists():
        return {}
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as reader:
        try:
            rows = reader.execute("SELECT device, state FROM states").fetchall()
        except sqlite3.OperationalError:  # it is being made
            return {}
    kept = {device: msgspec.json.decode(state, type=Kept) for device, state in rows}
    return {device: one.stay for device, one in kept.items() if one.stay is not None}
