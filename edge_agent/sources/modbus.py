"""Read the slaves of one Modbus RTU line: the alarm scan of all of them, then at most one register block, and again."""

import asyncio
import logging
from collections.abc import Mapping

import msgspec

from device_profiles.backoff import Backoff
from device_profiles.clock import Clock
from device_profiles.profile import Profile
from edge_agent.config import LineConfig
from edge_agent.sample import Sample, Sink
from edge_agent.sources.breaker import Breaker
from edge_agent.sources.budget import SCAN_PERIOD_S
from edge_agent.sources.bus import Answer, Bus, PollFailed
from edge_agent.sources.decode import decode_block
from edge_agent.sources.frames import Failure
from edge_agent.sources.plan import BlockPlan, plan_line
from edge_agent.sources.port import LineLost, PortSettings, open_port
from edge_agent.sources.slave import Slave
from edge_agent.sources.timing import line_timing

logger = logging.getLogger(__name__)


class Pace(msgspec.Struct, frozen=True):
    """How hard a line is worked; real seconds, because a line's time is never sped up."""

    scan_period_s: float = SCAN_PERIOD_S  # aim between the starts of two alarm scans
    breaker_after: int = 3  # failures in a row until a slave is only probed
    probe_s: float = 2.0  # between two probes of one slave; in a city that runs faster sooner, or it would seem silent
    probe_least_s: float = 0.5
    retry_base_s: float = 0.5  # of the full-jitter back-off of a lost line
    retry_cap_s: float = 5.0
    deaf_s: float = 30.0  # a network port on which nobody answered for so long is opened anew: its peer may be gone


class ModbusSource:
    """One line. ``run`` reads it until cancelled; each poll of a device gives one Sample, good or failed."""

    def __init__(
        self, line: LineConfig, profiles: Mapping[str, Profile], *, sink: Sink, clock: Clock, pace: Pace | None = None
    ) -> None:
        self._label = line.label
        self._settings = PortSettings(line.port, line.baud, line.parity, line.stopbits)
        self._timing = line_timing(line.baud, parity=line.parity, stopbits=line.stopbits)
        self._sink = sink
        self._clock = clock
        self._pace = pace or Pace()
        self._slaves = [Slave(plan, self._breaker()) for plan in plan_line(line, profiles)]
        self._scanned = any(slave.plan.scans for slave in self._slaves)
        self._backoff = Backoff(base_s=self._pace.retry_base_s, cap_s=self._pace.retry_cap_s)
        self._lost = False  # and said so
        self._answered_s = 0.0  # real time of the last answer, or of the opening

    async def run(self) -> None:
        """Read for ever; a line that is missing or lost is opened again after a full-jitter delay."""
        while True:
            try:
                await self._serve()
            except LineLost as error:
                self._note_lost(str(error))
            await asyncio.sleep(self._backoff.next_s())

    async def _serve(self) -> None:
        port = await open_port(self._settings)
        try:
            bus = Bus(port, timing=self._timing, clock=self._clock)
            self._answered_s = self._clock.real_s()
            while True:
                await self._cycle(bus)
                self._check_deaf()
        finally:
            await port.close()

    async def _cycle(self, bus: Bus) -> None:
        start_s = self._clock.real_s()
        for slave in self._slaves:
            await self._scan(bus, slave)
        polled = await self._probe(bus) or await self._read_registers(bus)
        if polled and not self._scanned:
            return  # nothing is urgent on this line: one block after the other
        await asyncio.sleep(max(0.0, start_s + self._pace.scan_period_s - self._clock.real_s()))

    async def _scan(self, bus: Bus, slave: Slave) -> None:
        for block in slave.scans():
            if not await self._poll(bus, slave, block):
                return  # the line belongs to the other slaves now

    async def _probe(self, bus: Bus) -> bool:
        now_s = self._clock.real_s()
        waiting = [slave for slave in self._slaves if slave.breaker.due(now_s)]
        if not waiting:
            return False
        slave = min(waiting, key=lambda one: one.breaker.next_s)
        await self._poll(bus, slave, slave.plan.probe)
        return True

    async def _read_registers(self, bus: Bus) -> bool:
        now_s = self._clock.monotonic_s()
        due = [(due_s, slave, block) for slave in self._slaves for due_s, block in slave.due(now_s)]
        if not due:
            return False
        _, slave, block = min(due, key=lambda one: one[0])
        slave.asked(block, now_s=now_s)
        await self._poll(bus, slave, block)
        return True

    async def _poll(self, bus: Bus, slave: Slave, block: BlockPlan) -> bool:
        """Ask once, never again; return whether the slave answered, be it with a refusal."""
        try:
            answer = await bus.ask(block.question, slave.patience())
        except PollFailed as error:
            slave.failed(error, now_s=self._clock.real_s())
            self._sink(Sample(slave.plan.device, self._clock.wall_us(), failure=error.failure))
            return error.failure is Failure.EXCEPTION
        slave.answered()
        self._note_answer()
        self._sink(_sample(slave, block, answer))
        return True

    def _note_answer(self) -> None:
        self._answered_s = self._clock.real_s()
        self._backoff.reset()
        if self._lost:
            self._lost = False
            logger.info("line %s is back", self._label)

    def _note_lost(self, reason: str) -> None:
        logger.log(logging.DEBUG if self._lost else logging.WARNING, "line %s is lost: %s", self._label, reason)
        self._lost = True
        for slave in self._slaves:
            self._sink(Sample(slave.plan.device, self._clock.wall_us(), failure=Failure.LINE_LOST))

    def _check_deaf(self) -> None:
        if "://" in self._settings.url and self._clock.real_s() - self._answered_s > self._pace.deaf_s:
            raise LineLost(f"nobody answered for {self._pace.deaf_s:g} s")

    def _breaker(self) -> Breaker:
        probe_s = max(self._pace.probe_s / self._clock.speed, min(self._pace.probe_s, self._pace.probe_least_s))
        return Breaker(after=self._pace.breaker_after, probe_s=probe_s)


def _sample(slave: Slave, block: BlockPlan, answer: Answer) -> Sample:
    return Sample(slave.plan.device, answer.t_us, dict(decode_block(block.fields, answer.numbers)))
