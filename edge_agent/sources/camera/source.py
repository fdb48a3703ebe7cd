"""One camera: what its worker reports, and that it reports nothing, become Samples of the camera and of its zones."""

import asyncio
import logging
from collections.abc import Mapping

import msgspec

from device_profiles.clock import Clock
from device_profiles.profile import ProfileSpec
from device_profiles.wire import Value
from edge_agent.judge.finding import Finding
from edge_agent.sample import Sample, Sink
from edge_agent.sources.camera.messages import Health, Order, Report, ZoneWord
from edge_agent.sources.camera.road import Hear
from edge_agent.sources.camera.stored import Stored, read_stored
from edge_agent.sources.camera.streams.trouble import WORKER_BACK, WORKER_LOST, Loss, Stream, Trouble
from edge_agent.sources.camera.supervisor import Patience, Supervisor
from edge_agent.sources.camera.telling import Telling
from edge_agent.steps import ClockWatch

logger = logging.getLogger(__name__)

SILENT_S = 1.7  # real; a worker that says nothing for so long sees nothing: a stall is told within 2 s
TICK_S = 0.2  # real
TELL_US = 1_000_000  # city; between two samples of a camera of which nothing has changed
BLIND_TELL_US = 5_000_000  # city; between two samples of zones that nobody sees
BACK_US = 2_000_000  # city
UNKNOWN, OCCUPIED, FREE = "unknown", "occupied", "free"  # FIWARE ParkingSpot
BERTH_UNKNOWN = "berth.unknown"
_NUMBERS = ("score", "vehicles", "queue_m", "tail_m", "at_least", "growth_mps", "growing")


class _Zone(msgspec.Struct):
    """What was said last of a zone."""

    device: str
    berth: bool
    road: bool = False
    state: str = UNKNOWN
    observed_s: float = 0.0
    t_us: int = 0


class CameraSource:
    """``run`` keeps the worker; the sink is called on the event loop."""

    def __init__(
        self,
        order: Order,
        spec: ProfileSpec,
        *,
        sink: Sink,
        clock: Clock,
        patience: Patience | None = None,
        starts: asyncio.Semaphore | None = None,
        hear: Hear | None = None,
        states: Mapping[str, bytes] | None = None,
    ) -> None:
        """``hear`` is told of the camera's lanes; ``starts``, which all cameras share, bounds starts at once.

        ``states``: by device, what was stored of its zones.
        """
        self.supervisor = Supervisor(
            order,
            take=self.take,
            lost=self.lose,
            clock=clock,
            patience=patience,
            starts=starts,
            renew=self.renewed,
        )
        self._order = order
        self._names = spec.values.keys()
        self._sink = sink
        self._hear = hear
        self._clock = clock
        self._telling = Telling()
        self._steps = ClockWatch(clock)
        zones = order.zones.zones if order.zones else ()
        self._zones = {
            one.id: _Zone(zone_device(order.device, one.id), one.kind == "berth", one.kind == "road") for one in zones
        }
        devices = {name: zone.device for name, zone in self._zones.items()}
        self._stored = Stored(read_stored(zones, states or {}, devices=devices))
        self._heard_s = clock.real_s()
        self._heard = False  # this worker has reported
        self._blind = False  # it says nothing, and that has been told
        self._missed = False  # a worker was lost, and no later one has reported
        self._told: tuple[object, ...] = ()
        self._t_us = 0  # of the last sample: a device's readings never go back
        self._zones_us = 0  # of the last word of zones that nobody sees

    async def run(self) -> None:
        """Watch for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.supervisor.run(), name=f"worker of {self._order.device}")
            group.create_task(self._tick_loop(), name=f"ticks of {self._order.device}")

    def renewed(self, order: Order) -> Order:
        """Return the order for the next worker: it goes on with what the one before knew."""
        return msgspec.structs.replace(order, kept=dict(self._stored.kept))

    def take(self, report: Report) -> None:
        """Take in a report."""
        self._heard_s, self._heard, self._blind = self._clock.real_s(), True, False
        findings = self._back(report.t_us)
        self._say(report.health, report.t_us, findings)
        for word in report.zones:
            self._say_zone(word, report.t_us)

    def lose(self, loss: Loss, detail: str) -> None:
        """Take in that a worker is gone: nothing is seen from now on."""
        self._heard = False
        self._missed = True
        data = {"reason": loss.value, "detail": detail[:300]}
        self._say_blind((Finding(WORKER_LOST, self._now(), data),), detail=f"worker {loss.value}")

    async def _tick_loop(self) -> None:
        while True:
            before_s = self._clock.real_s()
            await asyncio.sleep(TICK_S)
            late_s = self._clock.real_s() - before_s - TICK_S
            self._heard_s += max(0.0, late_s)  # this event loop was held up, not the worker
            if self._clock.real_s() - self._heard_s < SILENT_S:
                continue
            if self._heard or self._missed:
                self._say_blind((), detail="the worker says nothing")
            else:  # a start is no stall, and whoever waits for its turn is not silent
                self._say_blind((), detail="the worker is starting", stalled=None)

    def _back(self, t_us: int) -> tuple[Finding, ...]:
        if not self._missed:
            return ()
        self._missed = False
        return (Finding(WORKER_BACK, t_us, {"reason": "back", "restarts": self.supervisor.restarts}),)

    def _say_blind(self, findings: tuple[Finding, ...], *, detail: str, stalled: bool | None = True) -> None:
        now_us = self._now()
        troubles: dict[Trouble, bool | None] = dict.fromkeys(Trouble)
        troubles[Trouble.STALLED] = stalled
        data = {Trouble.STALLED: {"reason": Stream.WORKER.value, "detail": detail}}
        self._say(
            Health(None if stalled is None else False, Stream.WORKER, detail, troubles, data, {}), now_us, findings
        )
        if not self._blind or now_us - self._zones_us >= BLIND_TELL_US:
            self._zones_us = now_us
            for name, zone in self._zones.items():
                gone = self._gone(name, zone, now_us)
                kept = self._stored.kept.get(name) if gone else None
                kept = kept and msgspec.structs.replace(kept, told=UNKNOWN)
                self._say_zone(ZoneWord(name, _unseen(zone, now_us), gone, kept=kept), now_us)
        self._blind = True

    def _gone(self, name: str, zone: _Zone, now_us: int) -> tuple[Finding, ...]:
        if not zone.berth or zone.state == UNKNOWN:
            return ()
        return (Finding(BERTH_UNKNOWN, now_us, {"reason": Stream.WORKER.value, "zone": name, "score": None}),)

    def _say(self, health: Health, t_us: int, findings: tuple[Finding, ...]) -> None:
        if step_us := self._steps.step_us():
            self._telling.shift(step_us)
        t_us = _onward(t_us, self._t_us)
        findings = (*findings, *self._telling.take(health.troubles, health.data, t_us))
        said = (health.seeing, health.stream, *health.troubles.values(), *self._spots().values())
        if not findings and said == self._told and 0 <= t_us - self._t_us < TELL_US:
            return
        if health.seeing is not None and (not self._told or self._told[0] is not health.seeing):
            logger.info("%s: %s", self._order.device, "seeing" if health.seeing else f"not seeing ({health.detail})")
        self._told = said
        self._t_us = t_us
        values: dict[str, Value] = {
            "seeing": health.seeing,
            "stream": health.stream.value,
            **{trouble.value: holds for trouble, holds in health.troubles.items()},
            **health.counts,
            **self._of_process(),
            **self._spots(),
        }
        known = {name: value for name, value in values.items() if name in self._names}
        self._sink(Sample(self._order.device, t_us, known, findings=findings))

    def _of_process(self) -> Mapping[str, Value]:
        vitals = self.supervisor.vitals
        return {
            "restarts": self.supervisor.restarts,
            "memory_mb": None if vitals is None else round(vitals.memory_bytes / 1e6, 1),
            "cpu": None if vitals is None else round(self.supervisor.cores, 2),
        }

    def _spots(self) -> Mapping[str, Value]:
        states = [zone.state for zone in self._zones.values() if zone.berth]
        occupied, free = states.count(OCCUPIED), states.count(FREE)
        return {
            "spots_total": len(states),
            "spots_occupied": occupied,
            "spots_free": free,
            "spots_unknown": len(states) - occupied - free,
        }

    def _say_zone(self, word: ZoneWord, t_us: int) -> None:
        zone = self._zones.get(word.zone)
        if zone is None:
            return
        state, observed_s = word.values.get("state"), word.values.get("observed_s")
        zone.state = state if isinstance(state, str) else zone.state
        zone.observed_s = float(observed_s) if isinstance(observed_s, int | float) else zone.observed_s
        t_us = zone.t_us = _onward(t_us, zone.t_us)
        stored = b"" if word.kept is None else self._stored.keep(word.zone, word.kept, t_us)
        self._sink(Sample(zone.device, t_us, dict(word.values), findings=word.findings, state=stored))
        if self._hear is not None:
            self._hear(word.zone, t_us, word.pieces or None)

    def _now(self) -> int:
        return self._clock.wall_us()


def zone_device(camera: str, zone: str) -> str:
    """Return the name of a zone's device."""
    return f"{camera}-{zone}"


def _onward(t_us: int, last_us: int) -> int:
    """Return the time of a sample after one at ``last_us``: a picture may be older than what was said since."""
    return last_us if 0 < last_us - t_us <= BACK_US else t_us  # further back: the clock was set


def _unseen(zone: _Zone, now_us: int) -> dict[str, Value]:
    """Return the values of a zone that nobody sees; every number it had is unknown now."""
    observed_s = max(0.0, zone.observed_s - max(0, now_us - zone.t_us) / 1e6)
    unknown: dict[str, Value] = dict.fromkeys(_NUMBERS)
    if zone.road:
        unknown |= {"surface": UNKNOWN, "surface_reason": Stream.WORKER.value, "changed_m2": None, "evidence": None}
    return {"state": UNKNOWN, **unknown, "observed_s": round(observed_s, 1)}
