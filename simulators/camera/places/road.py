"""The road before a hospital: its gate lets vehicles in one by one, and the queue before it grows and shrinks."""

import random

import msgspec

from simulators.camera.places.kerb import passing
from simulators.camera.scene.lens import Lens
from simulators.camera.scene.scene import Lane, Make, Scene, Spot, Track, Vehicle
from simulators.camera.scene.vehicles import draw_vehicle

GATE_X = 16.0  # of the first camera's picture; the queue stands before it
PIECE_M = 32.0  # of the lane, for one camera
_LANE_Y, _OTHER_Y = 8.0, 11.6
_STEP_S = 0.25
_STANDS_MPS = 2.2  # who has been slower (8 km/h) queues, until it is let in: also who rolls up without ever standing
_FAR_M = 260.0  # so far before the gate vehicles come into the world
_WISH_MPS, _GAP_S, _LEAST_M, _ACCEL, _BRAKE = 9.0, 1.2, 1.3, 1.5, 2.2  # intelligent driver model (Treiber et al. 2000)


class Flow(msgspec.Struct, frozen=True):
    """How often vehicles come and are let in."""

    every_s: float = 5.0  # one comes, on average
    gate_s: float = 14.0  # the gate lets one in
    opens_s: float = 1e9  # from then on
    open_gate_s: float = 2.5  # so often


class _Driver:
    """One vehicle on its way to the gate."""

    def __init__(self, vehicle: Vehicle, t_s: float, x: float) -> None:
        self.vehicle = vehicle
        self.x, self.v = x, _WISH_MPS
        self.spots = [Spot(t_s, x, _LANE_Y, 0.0)]
        self.queues = False  # it had to slow down to a crawl, and has not been let in
        self.admitted = False

    @property
    def rear(self) -> float:
        return self.x - self.vehicle.size[0] / 2

    @property
    def nose(self) -> float:
        return self.x + self.vehicle.size[0] / 2

    def step(self, t_s: float, gap_m: float, ahead_mps: float) -> None:
        """Drive on for a step, behind something at a distance."""
        wish_m = _LEAST_M + max(0.0, self.v * _GAP_S + self.v * (self.v - ahead_mps) / (2 * (_ACCEL * _BRAKE) ** 0.5))
        a = _ACCEL * (1 - (self.v / _WISH_MPS) ** 4 - (wish_m / max(0.1, gap_m)) ** 2)
        self.v = max(0.0, self.v + max(-6.0, a) * _STEP_S)
        if self.v < 0.05 and gap_m < _LEAST_M * 1.6:
            self.v = 0.0
        self.x += self.v * _STEP_S
        self.queues = not self.admitted and (self.queues or self.v < _STANDS_MPS)
        if self.v > 0 or self.spots[-1].x != self.x:
            if self.spots[-1].t_s < t_s - 1.5 * _STEP_S:
                self.spots.append(Spot(t_s - _STEP_S, self.spots[-1].x, _LANE_Y, 0.0))
            self.spots.append(Spot(t_s, self.x, _LANE_Y, 0.0))


def hospital(seed: int, *, duration_s: float = 600.0, cameras: int = 3, flow: Flow | None = None) -> Scene:
    """Return the road with its lane in pieces, ``1`` at the gate."""
    rng = random.Random(f"{seed}/hospital")
    tracks, queue = _simulate(rng, flow or Flow(), duration_s=duration_s)
    tracks += list(passing(rng, (_OTHER_Y, -1), duration_s=duration_s, every_s=8.0))
    ends = [GATE_X - number * PIECE_M for number in range(cameras + 1)]
    lanes = tuple(Lane(f"{number}", ends[number - 1], ends[number], _LANE_Y) for number in range(1, cameras + 1))
    near, far = _LANE_Y - 1.75, _OTHER_Y + 1.75
    left, right = ends[-1] - 20, GATE_X + 30
    lines = [((left, near), (right, near)), ((left, far), (right, far)), ((GATE_X, near), (GATE_X, near + 3.5))]
    middle = near + 3.5
    lines += [((x, middle), (x + 3.0, middle)) for x in range(int(left), int(right), 7)]
    bounds = left - 20, -8.0, right + 20, 30.0
    return Scene(
        "hospital",
        seed,
        (),
        lanes,
        tuple(tracks),
        (),
        queue,
        markings=tuple(lines),
        kerb_y=14.2,
        front_y=20.0,
        bounds=bounds,
    )


def lens_of(camera: int) -> Lens:
    """Return the lens of the camera that sees a piece of the lane, the first at the gate."""
    middle = GATE_X - (camera - 0.5) * PIECE_M
    return Lens(focal_px=370.0, at=(middle, -5.0, 14.0), pitch=46.0)


def on_picture(lane: Lane, lens: Lens) -> dict[str, object]:
    """Return a piece of lane in pixels, and which pixels are how many metres from its head and its side."""
    pixels = lens.on_ground(lane.corners)
    metres = [(lane.from_x - x, y - (lane.y - lane.width / 2)) for x, y in lane.corners]
    return {"polygon": pixels, "ground": [(*pixel, *place) for pixel, place in zip(pixels, metres, strict=True)]}


def _simulate(
    rng: random.Random, flow: Flow, *, duration_s: float
) -> tuple[list[Track], tuple[tuple[float, float], ...]]:
    drivers: list[_Driver] = []
    gone: list[_Driver] = []
    queue: list[tuple[float, float]] = []
    t_s, next_s, gate_s = -40.0, -40.0, 0.0
    while t_s < duration_s + 10:
        t_s += _STEP_S
        if t_s >= next_s and (not drivers or drivers[-1].rear > GATE_X - _FAR_M + 12):
            make: Make | None = "lorry" if rng.random() < 0.03 else None
            drivers.append(_Driver(draw_vehicle(rng, make=make), t_s, GATE_X - _FAR_M))
            next_s = t_s + flow.every_s * rng.uniform(0.4, 1.6)
        if t_s >= gate_s and _admit(drivers):
            gate_s = t_s + (flow.gate_s if t_s < flow.opens_s else flow.open_gate_s) * rng.uniform(0.8, 1.2)
        _step_all(drivers, t_s)
        while drivers and drivers[0].x > GATE_X + 60:
            gone.append(drivers.pop(0))
        queue.append((t_s, _length(drivers)))
    for driver in drivers:
        driver.spots.append(Spot(t_s + 60, driver.x, _LANE_Y, 0.0))
    return [Track(driver.vehicle, tuple(driver.spots)) for driver in (*gone, *drivers)], tuple(queue)


def _admit(drivers: list[_Driver]) -> bool:
    """Let the first one in that stands at the gate."""
    first = next((driver for driver in drivers if not driver.admitted), None)
    if first is None or GATE_X - first.nose > 4.0:
        return False
    first.admitted = True
    return True


def _step_all(drivers: list[_Driver], t_s: float) -> None:
    for number, driver in enumerate(drivers):
        ahead = drivers[number - 1] if number else None
        gap_m, ahead_mps = (1e3, _WISH_MPS) if ahead is None else (ahead.rear - driver.nose, ahead.v)
        if not driver.admitted and gap_m > GATE_X - driver.nose:
            gap_m, ahead_mps = GATE_X - driver.nose + _LEAST_M * 0.7, 0.0
        driver.step(t_s, gap_m, ahead_mps)


def _length(drivers: list[_Driver]) -> float:
    """Return how far before the gate the last one of the queue ends; it is in it also while it moves up."""
    return GATE_X - min((driver.rear for driver in drivers if driver.queues), default=GATE_X)
