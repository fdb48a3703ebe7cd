"""Keeps one camera's worker alive: starts it, listens to it, kills it by its own pid when it is not well."""

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

import edge_agent
from device_profiles.backoff import Backoff
from device_profiles.clock import Clock
from edge_agent.sources.camera.messages import HEADER, Order, Report, decode_report, encode_order, report_length
from edge_agent.sources.camera.streams.trouble import Loss, Trouble
from edge_agent.sources.camera.vitals import Vitals, vitals_of

logger = logging.getLogger(__name__)

WORKER = "edge_agent.sources.camera.worker.entry"
NO_MEMORY = 77  # its exit code when the system refused it memory
MOST_REPORTS = 200  # a second; more is babble that would take the agent's time
OURS = "ERROR "  # how an error that the worker logs itself begins; FFMPEG's are many and no news
LAST_WORDS = 5  # lines of its stderr that say why it died


class Patience(msgspec.Struct, frozen=True):
    """How long is waited; real seconds."""

    tick_s: float = 0.25  # between two looks at it
    start_s: float = 30.0  # for the first report: a busy machine imports slowly
    hung_s: float = 5.0  # without a report
    starved_share: float = 1 / 6  # a tick in which it waited for a processor counts as so much of one without a report
    spin_s: float = 6.0  # a processor is burned and no picture comes
    spin_cores: float = 0.9
    retry_base_s: float = 0.5  # of the full-jitter back-off between two workers
    retry_cap_s: float = 10.0
    well_s: float = 30.0  # one that lived so long begins with the base again
    stop_s: float = 1.0  # to end by itself


class WorkerLost(Exception):
    """The worker is not there any more, or must go."""

    def __init__(self, loss: Loss, detail: str) -> None:
        super().__init__(f"{loss}: {detail}")
        self.loss = loss
        self.detail = detail


class Supervisor:
    """One worker at a time. ``take`` and ``lost`` are called on the event loop; ``starts`` bounds starts at once."""

    def __init__(
        self,
        order: Order,
        *,
        take: Callable[[Report], None],
        lost: Callable[[Loss, str], None],
        clock: Clock,
        patience: Patience | None = None,
        starts: asyncio.Semaphore | None = None,
        module: str = WORKER,
        renew: Callable[[Order], Order] | None = None,
    ) -> None:
        """``renew`` is asked before each start for what the worker is told."""
        self.pid: int | None = None
        self.vitals: Vitals | None = None
        self.cores = 0.0  # processors that it takes now
        self.restarts = 0
        self._order = order
        self._renew = renew or (lambda same: same)
        self._take = take
        self._lost = lost
        self._clock = clock
        self._patience = patience or Patience()
        self._module = module
        self._starts = starts or asyncio.Semaphore(1)
        self._starting = False  # it holds a place among those that start
        self._reports = 0  # since its start
        self._idle = False  # the last report said that no picture comes
        self._words: deque[str] = deque(maxlen=LAST_WORDS)

    async def run(self) -> None:
        """Keep a worker for ever; cancelling ends it."""
        backoff = Backoff(base_s=self._patience.retry_base_s, cap_s=self._patience.retry_cap_s)
        while True:
            began_s = self._clock.real_s()
            try:
                await self._live()
            except WorkerLost as error:
                logger.warning("%s: its worker is lost: %s", self._order.device, error)
                self._lost(error.loss, error.detail)
            if self._clock.real_s() - began_s >= self._patience.well_s:
                backoff.reset()
            await asyncio.sleep(backoff.next_s())
            self.restarts += 1

    async def _live(self) -> None:
        """Run one worker. Raises WorkerLost."""
        await self._starts.acquire()
        self._starting = True
        try:
            await self._follow(await self._start())
        finally:
            self._started()

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        self.pid, self._reports, self._idle = process.pid, 0, False
        self._words.clear()
        works = [self._listen(process), self._watch(process.pid), self._hear(process)]
        tasks = [asyncio.create_task(work, name="camera worker") for work in works]
        try:
            await self._order_to(process)
            done, _ = await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await self._end(process)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.pid = self.vitals = None
            self.cores = 0.0

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        root = str(Path(edge_agent.__file__).parents[1])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        environment = os.environ | self._clock.environment() | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
            )
        except OSError as error:
            raise WorkerLost(Loss.CRASHED, f"cannot be started: {error.strerror}") from error

    async def _order_to(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        with suppress(ConnectionError):  # it died: listening says so
            process.stdin.write(encode_order(self._renew(self._order)))
            await process.stdin.drain()

    def _started(self) -> None:
        """Let another one start: what loads OpenCV and a model takes a processor for a second."""
        if self._starting:
            self._starting = False
            self._starts.release()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Hand on what it says until it says nothing any more. Raises WorkerLost."""
        assert process.stdout is not None
        try:
            while True:
                body = await process.stdout.readexactly(report_length(await process.stdout.readexactly(HEADER)))
                report = decode_report(body)
                self._reports += 1
                self._started()
                self._idle = report.health.troubles.get(Trouble.STALLED) is True
                self._take(report)
        except ValueError as error:
            raise WorkerLost(Loss.BABBLING, str(error)) from error
        except asyncio.IncompleteReadError as error:
            code = await process.wait()
            loss = Loss.BLOATED if code == NO_MEMORY else Loss.CRASHED
            raise WorkerLost(loss, f"it ended with {code}: {self._last_words()}") from error

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        """Take what it writes to stderr: FFMPEG talks much."""
        assert process.stderr is not None
        while data := await process.stderr.read(4096):
            for line in filter(None, data.decode("utf-8", "replace").splitlines()):
                self._words.append(line[:200])
                level = logging.ERROR if line.startswith(OURS) else logging.DEBUG
                logger.log(level, "%s: %s", self._order.device, line[:500])

    async def _watch(self, pid: int) -> None:
        """Look at it again and again. Raises WorkerLost."""
        watch = Watch(self._patience, memory_bytes=self._order.memory_bytes)
        before = self._vitals(pid)
        while True:
            seen_s, seen = self._clock.real_s(), self._reports
            await asyncio.sleep(self._patience.tick_s)
            passed_s, now = max(1e-3, self._clock.real_s() - seen_s), self._vitals(pid)
            if now is None or before is None:
                before = now
                continue
            self.vitals, self.cores = now, (now.cpu_s - before.cpu_s) / passed_s
            starved = now.waited_s - before.waited_s >= passed_s / 2
            before = now
            watch.take(now, cores=self.cores, reports=self._reports - seen, idle=self._idle, starved=starved)

    def _vitals(self, pid: int) -> Vitals | None:
        return vitals_of(pid)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Let it end by itself for a moment if it is being stopped, else kill it."""
        assert process.stdin is not None
        process.stdin.close()
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()

    def _last_words(self) -> str:
        return " | ".join(self._words)[-400:]


class Watch:
    """Judges a worker's ticks: so many in a row of one kind are too many. A blocked event loop is one tick."""

    def __init__(self, patience: Patience, *, memory_bytes: int) -> None:
        self._patience = patience
        self._memory_bytes = memory_bytes
        self._heard = False
        self._silent = 0.0  # ticks, those in which it was starved as a part of one
        self._burning = self._busy_silent = self._starved = 0

    def take(self, vitals: Vitals, *, cores: float, reports: int, idle: bool, starved: bool = False) -> None:
        """Take in a tick. ``starved``: it could run, and others had the processors. Raises WorkerLost."""
        patience = self._patience
        if vitals.memory_bytes > self._memory_bytes:
            raise WorkerLost(Loss.BLOATED, f"{vitals.memory_bytes / 1e6:.0f} MB of {self._memory_bytes / 1e6:.0f}")
        if reports > MOST_REPORTS * max(1.0, patience.tick_s) * 2:
            raise WorkerLost(Loss.BABBLING, f"{reports} reports at once")
        burns = cores >= patience.spin_cores
        self._heard = self._heard or reports > 0
        self._silent = 0.0 if reports else self._silent + (patience.starved_share if starved else 1.0)
        self._starved = 0 if reports else self._starved + starved
        self._busy_silent = self._busy_silent + burns if not reports else 0
        self._burning = self._burning + 1 if burns and idle and reports else 0 if reports else self._burning
        silent_s = self._silent * patience.tick_s
        if silent_s >= (patience.hung_s if self._heard else patience.start_s):
            spins = self._busy_silent > self._silent / 2
            starved_s = self._starved * patience.tick_s
            waited = f", not counting most of {starved_s:.1f} s in which it waited for a processor" if starved_s else ""
            raise WorkerLost(Loss.SPINNING if spins else Loss.HUNG, f"no report for {silent_s:.1f} s{waited}")
        if self._burning * patience.tick_s >= patience.spin_s:
            raise WorkerLost(Loss.SPINNING, f"{cores:.1f} processors and no picture")
