"""A desk with the command line `hub` open: loaded once, forked for each command, so that an act takes no start.

A Python that starts takes a second, ten of a city at ten times the speed; nobody in a real centre waits for that. What
runs is the whole command with its arguments, exit code and output, in a process of its own.
"""

import asyncio
import importlib
import json
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping
from types import TracebackType

import msgspec

_LIMIT = 64_000_000  # bytes of one answer


class Answer(msgspec.Struct, frozen=True):
    """What a command came to."""

    code: int
    output: str  # stdout and stderr


class Desk:
    """An async context manager; one command at a time, in the order in which they are given."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> "Desk":
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "simulators.responders.desk", "hub"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
            limit=_LIMIT,
        )
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()  # which ends it
        await self._process.wait()

    async def run(self, *arguments: str) -> Answer:
        """Run a command to its end. Raises ConnectionError when the desk itself has gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._turn:
            self._process.stdin.write(json.dumps(arguments).encode() + b"\n")
            await self._process.stdin.drain()
            line = await self._process.stdout.readline()
        if not line:
            raise ConnectionError("the desk has ended")
        return msgspec.json.decode(line, type=Answer)


def serve(program: str) -> None:
    """Run the commands that come on stdin, a JSON list of arguments in a line, until it ends."""
    importlib.import_module(f"{program}.cli")
    for line in sys.stdin.buffer:
        answer = _run(program, json.loads(line))
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


def _run(program: str, arguments: list[str]) -> Answer:
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            _become(program, arguments)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return Answer(os.waitstatus_to_exitcode(status), output.read().decode("utf-8", "replace"))


def _become(program: str, arguments: list[str]) -> None:
    """Be ``python -m program arguments`` in this process, and end with it."""
    code = 1
    try:
        sys.argv = [program, *arguments]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
