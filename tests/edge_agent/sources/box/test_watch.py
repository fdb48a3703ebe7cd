"""The watch judges boxes on its own thread; a judge that hangs or breaks costs its box and nothing else."""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from device_profiles.clock import Clock
from device_profiles.profile import load_profiles
from edge_agent.app import guarded
from edge_agent.judge.finding import Finding
from edge_agent.judge.ride.ride import VALUES, Told
from edge_agent.judge.ride.state import RideState
from edge_agent.sample import Sample
from edge_agent.sources.box.quality import Quality
from edge_agent.sources.box.stored import ride_state
from edge_agent.sources.box.stream import Piece
from edge_agent.sources.box.watch import BoxWatch
from edge_agent.sources.box.watched import HELD_US, LINE_FAULT, LINE_SOUND, WatchedBox

SPEC = load_profiles()["lift_retrofit_box"].spec
SECOND = 1_000_000
START = 1_763_600_000 * SECOND


class Listening:
    """A judge that remembers what it was fed."""

    def __init__(self, act: Callable[[], None] = lambda: None) -> None:
        self.times: list[int] = []
        self.pressures: list[float] = []
        self.steps: list[int] = []
        self.told = Told()
        self.state = RideState()
        self.values: Mapping[str, object] = dict.fromkeys(VALUES) | {"moving": True, "box_quality": "good"}
        self._act = act

    def take_acceleration(
        self, t_us: Sequence[int], ax: NDArray[np.float64], ay: NDArray[np.float64], az: NDArray[np.float64]
    ) -> Told:
        """Remember the times."""
        assert len(t_us) == len(ax) == len(ay) == len(az)
        self._act()
        self.times += t_us
        return self.told

    def take_pressure(self, t_us: Sequence[int], pressure_pa: Sequence[float]) -> Told:
        """Remember the pressures."""
        assert len(t_us) == len(pressure_pa)
        self.pressures += pressure_pa
        return Told()

    def take_time(self, now_us: int) -> Told:
        """Say what is to be said."""
        assert now_us
        return self.told

    def shift(self, step_us: int) -> None:
        """Remember the step."""
        self.steps.append(step_us)


def _piece(t_us: int, quality: Quality = Quality.GOOD, *, spread: float = 0.02) -> Piece:
    metres = np.random.default_rng(t_us).normal(0, spread, (25, 3)).astype(np.float32)
    return Piece(t_us, quality, 20_000.0, metres if quality in (Quality.GOOD, Quality.LOSSY) else None)


def _box(judge: Listening | None = None) -> tuple[WatchedBox, Listening]:
    judge = judge or Listening()
    return WatchedBox("lift-01", SPEC, judge), judge


def test_a_good_piece_becomes_a_sample() -> None:
    """What was felt is judged in one go; the sample carries the time of its last part."""
    box, judge = _box()
    for number in range(4):
        box.put(_piece(START + number * SECOND // 2))
    box.put(Piece(START + SECOND, Quality.GOOD, pascal=101_325.0))
    sample = box.turn(START + 2 * SECOND)
    assert sample is not None
    assert len(judge.times) == 100
    assert set(np.diff(judge.times)) == {20_000}
    assert judge.pressures == [101_325.0]
    assert sample.values["trusted"] is True
    assert sample.values["link_quality"] == "good"
    assert sample.values["moving"] is True
    assert sample.values["pressure_pa"] == 101_325.0
    assert 0.02 < float(sample.values["vibration_mps2"] or 0) < 0.05
    assert sample.values.keys() <= SPEC.values.keys()


def test_what_is_not_believed_is_unknown_and_not_silent() -> None:
    """A bad quality is said, the judge's values are unknown, and one event tells of it until it is over for 10 s."""
    box, _ = _box()
    box.put(_piece(START))
    box.turn(START)
    words = []
    for second, quality in enumerate([Quality.FROZEN] * 3 + [Quality.GOOD] * 14, 1):
        box.put(_piece(START + second * SECOND, quality))
        sample = box.turn(START + second * SECOND)
        assert sample is not None
        assert sample.values["trusted"] is (quality is Quality.GOOD)
        assert sample.values["moving"] is (True if quality is Quality.GOOD else None)
        words += [(finding.kind, finding.data["reason"], second) for finding in sample.findings]
    assert words == [(LINE_FAULT, "frozen", 1), (LINE_SOUND, "frozen", 14)]


def test_nothing_comes_of_silence_but_what_the_judge_says() -> None:
    """A silent box gives no good sample: the hub notices. What the judge decides by time is passed on."""
    box, judge = _box()
    assert box.turn(START) is None
    judge.told = Told(findings=(Finding("box.fault", START, {"reason": "silent"}),), state_changed=True)
    sample = box.turn(START)
    assert sample is not None
    assert not sample.ok
    assert [finding.kind for finding in sample.findings] == ["box.fault"]
    assert msgspec.json.decode(sample.state, type=RideState) == RideState()


def test_what_waits_is_bounded_and_its_loss_is_told() -> None:
    """Behind by more than 30 s the oldest goes; the quality says so once, and is still believed."""
    box, judge = _box()
    for number in range(100):
        box.put(_piece(START + number * SECOND))
    sample = box.turn(START)
    assert sample is not None
    assert (sample.values["link_quality"], sample.values["trusted"]) == ("behind", True)
    assert len(judge.times) <= 25 * (HELD_US // SECOND + 1)
    assert box.overrun == 69


def test_readings_never_go_back() -> None:
    """A piece that was anchored anew behind the last one does not make the device's time fall."""
    box, _ = _box()
    box.put(_piece(START + 10 * SECOND))
    first = box.turn(START)
    box.put(_piece(START + 5 * SECOND))
    second = box.turn(START)
    assert first is not None
    assert second is not None
    assert second.t_us == first.t_us


def test_a_stored_state_goes_on_or_begins_anew(caplog: pytest.LogCaptureFixture) -> None:
    """What was stored is read; what cannot be read is logged and begins anew."""
    stored = msgspec.json.encode(RideState(rides=7))
    assert ride_state("lift-01", stored).rides == 7
    assert ride_state("lift-01", b"{").rides == 0
    assert "cannot be read" in caplog.text


async def test_a_judge_that_hangs_delays_no_event_loop() -> None:
    """While a judge hangs the loop lives; the other boxes wait with it; the stop is not held up for long."""
    hanging, released = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        released.wait(20)

    samples: list[Sample] = []
    box = WatchedBox("lift-01", SPEC, Listening(hang))
    with BoxWatch([box], sink=samples.append, guard=guarded, clock=Clock()) as watch:
        watch.put("lift-01", _piece(START))
        await asyncio.wait_for(asyncio.to_thread(hanging.wait, 10), 10)
        began_s = Clock.real_s()
        await asyncio.sleep(0)
        assert Clock.real_s() - began_s < 5
        assert samples == []
        released.set()
        async with asyncio.timeout(10):
            while not samples:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_judge_that_breaks_costs_its_box(caplog: pytest.LogCaptureFixture) -> None:
    """The other box goes on; the broken one says nothing, which the hub notices as silence."""

    def fail() -> None:
        raise ZeroDivisionError

    caplog.set_level(logging.ERROR)
    arrived: asyncio.Event = asyncio.Event()
    samples: list[Sample] = []

    def sink(sample: Sample) -> None:
        samples.append(sample)
        arrived.set()

    boxes = [WatchedBox("lift-01", SPEC, Listening(fail)), WatchedBox("lift-02", SPEC, Listening())]
    with BoxWatch(boxes, sink=sink, guard=guarded, clock=Clock()) as watch:
        for device in ("lift-01", "lift-02"):
            watch.put(device, _piece(START))
        await asyncio.wait_for(arrived.wait(), 10)
    assert [sample.device for sample in samples] == ["lift-02"]
    assert "a sample of lift-01 is left out" in caplog.text
