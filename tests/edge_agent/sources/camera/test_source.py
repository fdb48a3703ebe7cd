"""A camera beside a lift: whatever is done to its worker, the lift's samples come, and no zone is said to be free."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import cv2

from device_profiles.clock import Clock
from device_profiles.profile import load_profiles
from edge_agent.config import LineConfig, SlaveConfig
from edge_agent.judge.berth.stay import Stay
from edge_agent.sources.camera.messages import Health, Report, ZoneWord, decode_order, encode_order
from edge_agent.sources.camera.source import CameraSource
from edge_agent.sources.camera.streams.trouble import Stream, Trouble
from edge_agent.vision.watch import Kept
from simulators.modbus.line import Line
from tests.edge_agent.sources.camera.pictures import Street
from tests.edge_agent.sources.camera.rig import HASTY, ZONES, Heard, order
from tests.edge_agent.sources.platforms.rig import HandClock
from tests.edge_agent.sources.rig import PROFILES, Recorder, lift_slave, reading

SPEC = load_profiles()["parking_camera"].spec
BLIND = Health(False, Stream.TIMEOUT, "", {Trouble.STALLED: True}, {}, {})


def _stills(folder: Path, count: int = 40) -> Path:
    street = Street()
    for at in range(count):
        cv2.imwrite(str(folder / f"{at:03}.jpg"), street.picture())
    return folder


@asynccontextmanager
async def watching(source: CameraSource) -> AsyncIterator[None]:
    """Run a camera while the block runs."""
    running = asyncio.create_task(source.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled(), running.exception()


def _pid(source: CameraSource) -> int:
    assert source.supervisor.pid is not None
    return source.supervisor.pid


async def _lift_goes_on(lift: Recorder) -> None:
    """Two rounds of alarm scans and blocks, and none of them failed."""
    seen = len(lift.samples)
    async with asyncio.timeout(60):
        await lift.until(lambda _: len(lift.samples) >= seen + 20)
    assert all(sample.ok for sample in lift.samples[seen:])


async def test_a_worker_that_is_killed_or_stopped_takes_nothing_else_down(tmp_path: Path) -> None:
    """Its zones are unknown at once, and known again when the next worker sees them."""
    heard = Heard()
    source = CameraSource(order(_stills(tmp_path), zones=ZONES), SPEC, sink=heard, clock=Clock(), patience=HASTY)
    with Line([lift_slave(1)], link=tmp_path / "line") as line:
        config = LineConfig(line.port, (SlaveConfig(1, "lift-01", "patient"),))
        async with reading(config, PROFILES) as lift, watching(source):
            await heard.until(lambda: heard.samples and heard.last().values["seeing"] is True)
            for number, reason in ((signal.SIGKILL, "crashed"), (signal.SIGSTOP, "hung")):
                before = len(heard.samples)
                os.kill(_pid(source), number)
                await heard.until(lambda: "camera.worker_lost" in heard.kinds()[-2:])
                assert heard.last("camera-1-1").values["state"] == "unknown"
                assert heard.last().values["seeing"] is False
                await _lift_goes_on(lift)
                await heard.until(lambda: heard.last().values["seeing"] is True)
                told = [one for sample in heard.samples[before:] for one in sample.findings]
                lost = next(one for one in told if one.kind == "camera.worker_lost")
                assert lost.data["reason"] == reason
                kinds = {one.kind for one in told}
                assert kinds >= {"camera.stalled", "camera.stalled_over", "camera.worker_back"}
    assert source.supervisor.restarts == 2
    assert heard.last().values["spots_total"] == 1


async def test_a_camera_that_waits_for_its_start_is_neither_silent_nor_stalled(tmp_path: Path) -> None:
    """Workers start one after the other; whoever waits says that it knows nothing yet."""
    taken = asyncio.Semaphore(0)
    heard = Heard()
    source = CameraSource(order(tmp_path, zones=ZONES), SPEC, sink=heard, clock=Clock(), starts=taken)
    async with watching(source):
        await heard.until(lambda: {"camera-1", "camera-1-1"} <= {one.device for one in heard.samples})
    assert heard.last().values["seeing"] is None
    assert heard.last().values["stalled"] is None
    assert heard.last("camera-1-1").values["state"] == "unknown"
    assert heard.kinds() == []
    assert source.supervisor.pid is None


async def test_the_times_of_a_camera_and_its_zones_never_go_back(tmp_path: Path) -> None:
    """A picture that was grabbed before the last word about it was said; a clock that is set goes back."""
    heard = Heard()
    source = CameraSource(order(tmp_path, zones=ZONES), SPEC, sink=heard, clock=Clock())
    second, start_us = 1_000_000, 1_763_600_000_000_000
    for passed_us in (0, 2 * second, 2 * second - 50_000, 4 * second, -600 * second):
        words = (ZoneWord("1", {"state": "unknown", "observed_s": 0.0}),)
        source.take(Report(start_us + passed_us, BLIND, words))
    expected = [0, 2 * second, 2 * second, 4 * second, -600 * second]
    assert [one.t_us - start_us for one in heard.samples if one.device == "camera-1-1"] == expected
    times = [one.t_us - start_us for one in heard.samples if one.device == "camera-1"]
    assert times == [0, 2 * second, 4 * second, -600 * second]


def test_a_stall_did_not_last_for_years_because_the_clock_was_set(tmp_path: Path) -> None:
    """What is told of its length is the time that passed."""
    heard, clock = Heard(), HandClock()
    source = CameraSource(order(tmp_path, zones=ZONES), SPEC, sink=heard, clock=clock)
    source.take(Report(clock.wall_us(), BLIND))
    clock.set(10**15)
    clock.now_us += 4_000_000
    source.take(Report(clock.wall_us(), Health(True, Stream.LIVE, "", {Trouble.STALLED: False}, {}, {})))
    assert heard.kinds() == ["camera.stalled", "camera.stalled_over"]
    assert heard.last().findings[0].data["lasted_s"] == 4.0


def test_the_next_worker_is_told_what_the_one_before_knew(tmp_path: Path) -> None:
    """In its order; what the agent itself says of blind zones takes nothing away."""
    first = order(tmp_path, zones=ZONES)
    source = CameraSource(first, SPEC, sink=Heard(), clock=Clock())
    assert source.renewed(first) == first
    kept = Kept(Stay(1_763_600_000_000_000, 1_763_600_060_000_000, at_least=True))
    source.take(Report(1, BLIND, (ZoneWord("1", {"state": "occupied"}, kept=kept), ZoneWord("9", {}, kept=kept))))
    source.take(Report(2, BLIND, (ZoneWord("1", {"state": "unknown"}),)))
    assert decode_order(encode_order(source.renewed(first))).kept == {"1": kept}
