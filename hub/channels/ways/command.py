"""Tell a program, for whatever else a city has: JSON on its stdin, its exit code is the receipt, no shell."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import msgspec

from device_profiles.config import duration_s
from hub.channels.channel import Receipt, printed, receipt_of
from hub.channels.faults import Fault, Refused, Uncertain, Unsent
from hub.channels.notice import Notice, headline, last_of, sums
from hub.channels.receivers import CommandReceiver

MAX_SAID = 64_000  # bytes of stdout and of stderr that are kept; the rest is read and dropped
LOOK_S = 0.02  # real; how soon an end is noticed while somebody else still holds the pipes
REST_S = 0.5  # real; for what an ended program has said and was not read yet
EX_DATAERR = 65  # sysexits.h: the notice will never be taken

_encoder = msgspec.json.Encoder(order="deterministic")


class Command:
    """A channel to one program, started for each notice in the config's folder."""

    def __init__(self, receiver: CommandReceiver, *, hub: str, folder: Path) -> None:
        self._argv = receiver.argv
        self._timeout_s = duration_s(receiver.timeout)
        self._hub = hub
        self._folder = folder

    async def send(self, notice: Notice) -> Receipt:
        """Run the program on a notice. Raises DeliveryError."""
        code, said, complained = await self._run(notice_json(notice, hub=self._hub))
        if code == 0:
            return receipt_of("exit 0", said)
        detail = f"{self._argv[0]} ended with {code}: {printed(complained.decode('utf-8', errors='replace'))}"
        if code == EX_DATAERR:
            raise Refused(Fault.REFUSED, detail)
        raise (Unsent if code > 0 else Uncertain)(Fault.EXIT, detail)  # below 0: a signal ended it

    async def close(self) -> None:
        """Nothing is open."""

    async def _run(self, body: bytes) -> tuple[int, bytes, bytes]:
        process = await self._start()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await _talk(process, body)
        except TimeoutError as error:
            raise Uncertain(Fault.TIMED_OUT, f"{self._argv[0]}: not done in {self._timeout_s:g} s") from error
        finally:
            await _end(process)

    async def _start(self) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        try:
            return await asyncio.create_subprocess_exec(
                *self._argv, stdin=pipe, stdout=pipe, stderr=pipe, cwd=self._folder, start_new_session=True
            )
        except OSError as error:
            raise Unsent(Fault.UNREACHABLE, f"{self._argv[0]}: {error.strerror}") from error


def notice_json(notice: Notice, *, hub: str) -> bytes:
    """Return what a program is told: the key, one line for people, the sums, and each alarm as it stands."""
    alarms: Sequence[dict[str, object]] = [
        msgspec.to_builtins(last.alarm) | {"active": last.alarm.open, "kind": last.kind.value, "detail": last.detail}
        for last in last_of(notice)
    ]
    said = {"id": notice.id, "hub": hub, "receiver": notice.receiver, "lane": notice.lane.value}
    said |= {"kind": notice.kind.value, "summary": headline(notice)}
    return _encoder.encode(said | {"sums": sums(notice), "alarms": alarms}) + b"\n"


async def _talk(process: asyncio.subprocess.Process, body: bytes) -> tuple[int, bytes, bytes]:
    """Return a program's exit code and what it said; whoever it leaves behind may hold its pipes and is not awaited."""
    said, complained = bytearray(), bytearray()
    talks = (_read(process.stdout, said), _read(process.stderr, complained), _write(process.stdin, body))
    tasks = [asyncio.create_task(talk) for talk in talks]
    left = set(tasks)
    try:
        while process.returncode is None and left:  # wait() would wait for the end of the pipes too
            _, left = await asyncio.wait(left, timeout=LOOK_S, return_when=asyncio.FIRST_EXCEPTION)
        code = process.returncode if process.returncode is not None else await process.wait()
        if left:
            await asyncio.wait(left, timeout=REST_S)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return code, bytes(said), bytes(complained)


async def _read(stream: asyncio.StreamReader | None, kept: bytearray) -> None:
    while stream is not None and (part := await stream.read(MAX_SAID)):
        kept += part[: MAX_SAID - len(kept)]


async def _write(stream: asyncio.StreamWriter | None, body: bytes) -> None:
    if stream is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a program need not read what it is told
        stream.write(body)
        await stream.drain()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.close()
        await stream.wait_closed()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the program and whatever it has started; it was its own session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # who fled into a session of its own still holds the pipes, and wait() would wait for the end of those too
    process._transport.close()  # type: ignore[attr-defined]
    await process.wait()
