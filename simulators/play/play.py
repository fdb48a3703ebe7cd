"""A scenario being played: its lifts live, its acts take hold, and the moment of each is the truth that scores it."""

import random

import msgspec

from device_profiles.config import duration_s, duration_us
from simulators.box_line.feeler import Feeler
from simulators.camera.scene.happenings import Happening, Kind, draw_happening
from simulators.camera.scene.scene import Scene
from simulators.camera.spec import scene_of
from simulators.ground.sensor import GroundSensor
from simulators.lifts.lift import STEP_US, Lift
from simulators.play import deeds
from simulators.play.act import Act
from simulators.play.acts import CAMERA_ACTS, GROUND_ACTS, HAND_ACTS, QUEUE_REACHES, ROAD_ACTS, WIRE_ACTS, WORKER_ACTS
from simulators.play.scenario import Scenario


class WireFault(msgspec.Struct, frozen=True):
    """Something that the line must do to a slave now; or the stage to a program, or a person to an alarm."""

    act: str
    lift: str
    name: str = ""  # of the act
    rule: str = ""  # of the alarm that a person acts on
    receiver: str = ""  # that is away, or back
    camera: str = ""
    sensor: str = ""  # of the ground
    happening: Happening | None = None  # on the road that the camera sees


class Play:
    """The state of one run, in city time from 0."""

    def __init__(self, scenario: Scenario, *, seed: int | None = None) -> None:
        self.scenario = scenario
        self.seed = scenario.seed if seed is None else seed
        self.t_us = 0
        self.lifts = {spec.device: Lift(spec, seed=self.seed, busy=self.busy) for spec in scenario.lifts}
        self.feelers = {device: Feeler(self.lifts[device], seed=self.seed) for device in sorted(scenario.boxes)}
        self.grounds = {spec.device: GroundSensor(spec, seed=self.seed) for spec in scenario.ground}
        self.scenes = scenes_of(scenario, seed=self.seed)  # what each camera looks at
        self.happened: dict[str, list[Happening]] = {}  # camera → what befell its road
        self.truth: dict[str, int] = {}  # act → when it took hold
        self.begun: dict[str, int] = {}  # act → when it was done; a fault may wait for its moment after that
        self._arrived: dict[str, int] = {}  # lift → when the first crew came to it
        self._waiting = [_Waiting(act, wait_us=_wait_us(act, self.seed)) for act in scenario.acts]
        self._watched: dict[str, Lift] = {}  # act that was done and has not taken hold → its lift

    @property
    def ends_us(self) -> int:
        """When the story is over."""
        return duration_us(self.scenario.duration)

    def advance(self, to_us: int) -> list[WireFault]:
        """Live until ``to_us`` (city time from the start), in whole steps; return what the line must do."""
        faults: list[WireFault] = []
        while self.t_us + STEP_US <= to_us:
            self.t_us += STEP_US
            for waiting in [waiting for waiting in self._waiting if self._due(waiting)]:
                self._waiting.remove(waiting)
                self.begun[waiting.act.name] = self.t_us
                faults.extend(self._do(waiting.act))
            for lift in self.lifts.values():
                lift.advance(self.t_us)
            for feeler in self.feelers.values():
                feeler.step()
            for name, lift in list(self._watched.items()):
                if name in lift.effects:
                    self.truth[name] = lift.effects[name]
                    del self._watched[name]
        return faults

    def took_hold(self, name: str) -> None:
        """Note that what the stage was told to do has happened."""
        self.truth[name] = self.t_us

    def arrive(self, lift: str) -> tuple[str, ...]:
        """Let a crew begin its work at a lift; return the acts that it consists of."""
        self._arrived.setdefault(lift, self.t_us)
        return tuple(act.name for act in self.scenario.acts if act.by_responder and act.lift == lift)

    def is_done(self, acts: tuple[str, ...]) -> bool:
        """Return whether acts have taken hold."""
        return all(name in self.truth for name in acts)

    def busy(self, t_s: float) -> float:
        """Return the share of the people who come at this hour of the story."""
        rhythm = self.scenario.rhythm
        hour = int(t_s * 1e6 * len(rhythm) / self.ends_us)
        return rhythm[min(hour, len(rhythm) - 1)] if rhythm else 1.0

    def _due(self, waiting: "_Waiting") -> bool:
        act = waiting.act
        if act.act == QUEUE_REACHES and self.scenes[act.camera].queue_m(self.t_us / 1e6) < act.metres:
            return False
        if act.by_responder:
            start_us = self._arrived.get(act.lift)
        else:
            start_us = 0 if act.after is None else self.truth.get(act.after)
        return start_us is not None and self.t_us >= start_us + waiting.wait_us

    def _do(self, act: Act) -> list[WireFault]:
        if act.act in GROUND_ACTS:
            self.truth[act.name] = self.t_us
            self.grounds[act.sensor].do(act, self.t_us)
            return []
        if act.act in ROAD_ACTS:
            return [self._befall(act)]
        if act.act in WIRE_ACTS | HAND_ACTS | CAMERA_ACTS:
            if act.act not in HAND_ACTS | WORKER_ACTS:
                self.truth[act.name] = self.t_us
            return [WireFault(act.act, act.lift, act.name, act.rule, act.receiver, act.camera, act.sensor)]
        if act.act in ("jump", "shake") and act.lift in self.feelers:
            self.truth[act.name] = self.t_us
            do = self.feelers[act.lift].jump if act.act == "jump" else self.feelers[act.lift].shake
            do(duration_s(act.lasts))
            return []
        lift = self.lifts[act.lift]
        deeds.do(lift, act)
        self._watched[act.name] = lift
        return []

    def _befall(self, act: Act) -> WireFault:
        """Let something happen on the road that a camera sees."""
        self.truth[act.name] = self.t_us
        road = self.scenes[act.camera].surfaces[0]
        what = draw_happening(
            Kind(ROAD_ACTS[act.act]),
            road.spots,
            heading=road.heading,
            begin_s=self.t_us / 1e6,
            seed=f"{self.seed}/{act.name}",
            area_m2=act.m2,
        )
        self.happened.setdefault(act.camera, []).append(what)
        return WireFault(act.act, "", act.name, camera=act.camera, happening=what)


def scenes_of(scenario: Scenario, *, seed: int) -> dict[str, Scene]:
    """Return camera → what it looks at."""
    views = max((spec.view for spec in scenario.cameras), default=1)
    length_s = duration_s(scenario.duration)
    return {spec.device: scene_of(spec, seed=seed, duration_s=length_s, views=views) for spec in scenario.cameras}


class _Waiting(msgspec.Struct):
    """An act that has not been done, and how long it waits after what it waits for."""

    act: Act
    wait_us: float


def _wait_us(act: Act, seed: int) -> float:
    jitter_us = random.Random(f"{seed}/{act.name}").uniform(0, duration_us(act.jitter))
    return duration_us(act.at or "0s") + duration_us(act.delay) + jitter_us
