"""One program of the stage: started, awaited until it says `ready`, stopped by its pid; its log goes to a file."""

import asyncio
import contextlib
import shutil
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

READY_S = 90.0  # real; a cold start takes a second or two, and this machine may be busy
STOP_S = 20.0  # real; a program drains for 5 s at most, on a machine that is not busy
_LAST_LINES = 12


class ProgramDied(Exception):
    """A program ended although it should run; carries the end of its log."""

    def __init__(self, name: str, *, code: int | None, log: str) -> None:
        super().__init__(f"{name} ended with {code}" if code is not None else f"{name} did not get ready")
        self.name = name
        self.code = code  # negative: the signal; None: it still ran
        self.log = log


def _follow_us() -> list[str]:
    """Return what makes a program end when we are killed ourselves; where there is no setpriv, nothing does."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


class Program:
    """A subprocess. ``ready`` is the text in a line of its stderr by which it says that it is up."""

    def __init__(self, name: str, command: Sequence[str], *, log: Path, ready: str = ": ready") -> None:
        self.name = name
        self.command = [*_follow_us(), *command]
        self.starts = 0
        self._log = log
        self._ready_text = ready
        self._process: asyncio.subprocess.Process | None = None
        self._pump: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._tail: deque[str] = deque(maxlen=_LAST_LINES)

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.returncode if self._process is not None else None

    @property
    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self._tail)

    async def start(self, environment: Mapping[str, str]) -> None:
        """Start it; does not wait."""
        self._ready.clear()
        self.starts += 1
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
            limit=1 << 20,
        )
        self._pump = asyncio.create_task(self._pump_loop(self._process), name=f"log of {self.name}")

    async def until_ready(self) -> None:
        """Wait for its word. Raises ProgramDied when it ends or takes longer than READY_S."""
        assert self._pump is not None
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready, self._pump}, timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if not self._ready.is_set():
            code = await self.wait() if self._pump.done() else None
            raise ProgramDied(self.name, code=code, log=self.tail)

    async def wait(self) -> int:
        """Wait for its end and return the exit code, negative for a signal."""
        assert self._process is not None
        assert self._pump is not None
        code = await self._process.wait()
        await asyncio.wait({self._pump}, timeout=1.0)
        return code

    async def stop(self) -> int | None:
        """End it: SIGTERM, then SIGKILL after STOP_S. Return its code, None if it never ran."""
        if self._process is None:
            return None
        if self.running:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(self.wait(), STOP_S)
            self.signal(signal.SIGKILL)
        return await self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self._process is not None and self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _pump_loop(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        with self._log.open("ab", buffering=0) as file:
            async for line in process.stderr:
                file.write(line)
                text = line.decode("utf-8", "replace").rstrip()
                self._tail.append(text)
                if self._ready_text in text:
                    self._ready.set()
