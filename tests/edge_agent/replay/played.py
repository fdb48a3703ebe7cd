"""A scenario's boxes without the wire: a play moves the cars, ptys carry the frames, the agent's own parts listen.

City time is stepped by hand, so that a play of three minutes is judged in a second.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from device_profiles.clock import Clock
from device_profiles.profile import load_profiles
from edge_agent.config import BoxConfig
from edge_agent.infer.motion import load_motion
from edge_agent.judge.finding import Finding
from edge_agent.judge.ride.limits import RideLimits
from edge_agent.judge.ride.ride import RideJudge
from edge_agent.sources.box.claims import Claims
from edge_agent.sources.box.source import BoxSource
from edge_agent.sources.box.watched import WatchedBox
from simulators.play.loading import load_scenarios
from simulators.play.play import Play
from simulators.play.scenario import Scenario
from simulators.stage.fieldbus import FieldBus
from simulators.stage.settings import box_link
from tests.edge_agent.judge.box import START_US
from tests.simulators.play.play_clock import PlayClock

SHOW_US = 200_000
PROFILE = "lift_retrofit_box"


class Heard(msgspec.Struct, frozen=True):
    """What the judge of one box said, and the truth."""

    device: str
    findings: tuple[Finding, ...]
    truth: dict[str, float]  # act → second at which it took hold

    def seconds(self, kind: str) -> list[float]:
        """Return when it was said, from the play's start."""
        return [(one.t_us - START_US) / 1e6 for one in self.findings if one.kind == kind]


def boxes_only(scenario: Scenario) -> Scenario:
    """Return the story of the lifts that have a box; every lift lives by itself."""
    lifts = tuple(lift for lift in scenario.lifts if lift.device in scenario.boxes)
    names = {lift.device for lift in lifts}
    return msgspec.structs.replace(scenario, lifts=lifts, acts=tuple(one for one in scenario.acts if one.lift in names))


def play_boxes(name: str, *, seed: int, folder: Path) -> list[Heard]:
    """Play a scenario to its end; return what is said of each box."""
    play = Play(boxes_only(load_scenarios()[name]), seed=seed)
    clock = PlayClock(play, START_US)
    with FieldBus(play, link=folder / "line") as bus, ExitStack() as stack:
        ears = [stack.enter_context(_listening(device, folder, clock)) for device in play.feelers]
        for t_us in range(SHOW_US, play.ends_us, SHOW_US):
            for fault in play.advance(t_us):
                bus.strike(fault)
            bus.show()
            for ear in ears:
                ear.turn()
    truth = {act: t_us / 1e6 for act, t_us in play.truth.items()}
    acts = {device: {act.name for act in play.scenario.acts if act.lift == device} for device in play.feelers}
    return [
        Heard(ear.device, tuple(ear.findings), {act: at for act, at in truth.items() if act in acts[ear.device]})
        for ear in ears
    ]


class _Ear:
    """The agent's end of one box's line."""

    def __init__(self, device: str, file: int, clock: Clock) -> None:
        self.device = device
        self.findings: list[Finding] = []
        self._file, self._clock = file, clock
        spec = load_profiles()[PROFILE].spec
        assert spec.box is not None
        judge = RideJudge(RideLimits(), classify=load_motion())
        self._box = WatchedBox(device, spec, judge)
        self._source = BoxSource(
            BoxConfig(port="pty", device=device), spec.box, counts=self._box.counts, claims=Claims(),
            deliver=lambda _, piece: self._box.put(piece), clock=clock,
        )  # fmt: skip

    def turn(self) -> None:
        """Take in what has come, and judge it."""
        while data := self._read():
            self._source.take(data)
        sample = self._box.turn(self._clock.wall_us())
        self.findings += sample.findings if sample is not None else ()

    def _read(self) -> bytes:
        try:
            return os.read(self._file, 4096)
        except BlockingIOError:
            return b""


@contextmanager
def _listening(device: str, folder: Path, clock: Clock) -> Iterator[_Ear]:
    file = os.open(box_link(folder / "line", device), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        yield _Ear(device, file, clock)
    finally:
        os.close(file)
