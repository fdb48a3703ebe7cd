"""A rendered road with its truth, seen by the repository's model: what the judges say of the queue, and how wrong."""

import json
from statistics import median

import msgspec

from edge_agent.judge.queue.chain import QueueChain, Span
from edge_agent.vision.looker import load_looker
from edge_agent.vision.watch import ZoneWatch
from edge_agent.vision.zones import parse_zones
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.places import road
from simulators.camera.scene.scene import Lane, Scene
from simulators.camera.scene.weather import SKIES, Skies

REACH_M, LEAST_M, SETTLED_S = 90.0, 20.0, 20.0  # a queue is compared while it ends before the last camera's end
S = 1_000_000


class Errors(msgspec.Struct, frozen=True):
    """How wrong the lengths were, as shares of the truth."""

    shares: tuple[float, ...]

    def __str__(self) -> str:
        near = sum(abs(one) <= 0.15 for one in self.shares) / len(self.shares)
        return f"{len(self.shares)} moments, {near:.0%} within 15 %, median error {self.median:.0%}"

    @property
    def median(self) -> float:
        """Return the median of what they were wrong by."""
        return median(abs(one) for one in self.shares)


def queue_errors(sky: Skies, *, seed: int, seconds: int, step_s: int = 1) -> Errors:
    """Return how wrong the length of a growing queue is over three cameras, look by look."""
    scene = road.hospital(seed, duration_s=300.0)
    eyes = [_Eye(scene, lane, sky, seed=seed) for lane in scene.lanes]
    chain = QueueChain("road", [eye.span for eye in eyes])
    shares = []
    for t_s in range(0, seconds, step_s):
        for eye in eyes:
            eye.look(chain, t_s)
        chain.look(t_s * S)
        true_m, queue = scene.queue_m(t_s), chain.view().queue
        if t_s > SETTLED_S and LEAST_M < true_m <= REACH_M:
            shares.append(((queue.queue_m if queue else 0.0) - true_m) / true_m)
    return Errors(tuple(shares))


class _Eye:
    """One camera over the road."""

    def __init__(self, scene: Scene, lane: Lane, sky: Skies, *, seed: int) -> None:
        lens = road.lens_of(int(lane.id))
        zone = {"id": lane.id, "kind": "lane", **road.on_picture(lane, lens)}
        text = json.dumps({"width": lens.width, "height": lens.height, "zones": [zone]})
        zones = parse_zones(text.encode(), file="zones").sound
        self.span = Span(lane.id, road.GATE_X - lane.from_x, lane.from_x - lane.to_x)
        self._renderer = Renderer(scene, lens, sky=SKIES[sky], seed=seed * 100 + int(lane.id))
        self._looker = load_looker(zones)
        self._watch = ZoneWatch(zones)

    def look(self, chain: QueueChain, t_s: int) -> None:
        """Look at the road, and tell what is seen of it."""
        self._watch.take(t_s * S, self._looker.look(self._renderer.frame(t_s)))
        chain.tell(t_s * S, self.span.lane, self._watch.pieces(self.span.lane))
