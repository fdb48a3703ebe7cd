"""A process that has imported everything and forks: a life of the hub then costs milliseconds, not a start of Python.

It has one thread, so that a fork copies no lock that somebody holds.
"""

import logging
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.hub.alarm_crash.life import Deed, Life, do, live

ROOT = Path(__file__).parents[3]
Job = Life | Deed


class Zygote:
    """The parent's side: one child at a time."""

    def __init__(self, log: Path) -> None:
        command = [sys.executable, "-m", "tests.hub.alarm_crash.zygote", str(log)]
        # without a buffer: what has been read ahead of the line at hand would be waited for in vain
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, bufsize=0)

    def run(self, job: Job, *, kill_after_s: float) -> int:
        """Return how a child ended: its exit code, or -9 for a SIGKILL, its own or ours after a while."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(job) + b"\n")
        self._process.stdin.flush()
        pid = self._line()
        end = _Ended(self._process)
        if not end.within(kill_after_s):
            os.kill(pid, signal.SIGKILL)  # not reaped before its code was read: the pid is nobody else's
        return end.code()

    def stop(self) -> None:
        """End it."""
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait(10)

    def _line(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


class _Ended:
    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._asks, self._says = process.stdin, process.stdout

    def within(self, timeout_s: float) -> bool:
        """Wait for the end."""
        return bool(select.select([self._says], [], [], timeout_s)[0])

    def code(self) -> int:
        """Let the zygote reap it."""
        self._says.readline()
        self._asks.write(b"\n")
        self._asks.flush()
        return int(self._says.readline())


def main(log: str) -> None:
    """Fork a child for each job on stdin; say its pid, that it has ended, and once asked how."""
    logging.basicConfig(filename=log, level=logging.INFO)
    for line in sys.stdin.buffer:
        pid = os.fork()
        if pid == 0:
            _child(line)
        _say(pid)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        _say(0)
        sys.stdin.buffer.readline()
        _say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _child(line: bytes) -> None:
    try:
        job = msgspec.json.decode(line, type=Job)
        do(job) if isinstance(job, Deed) else live(job)
        os._exit(0)
    except BaseException:
        logging.getLogger(__name__).exception("a life ended by an error")
        os._exit(1)


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
