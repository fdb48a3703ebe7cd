"""What befalls the process that watches a camera: it is found by its connection to it, whoever started it."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_ESTABLISHED = "01"
_PROC = Path("/proc")


def harm(act: str, *, agent: int, port: int) -> bool:
    """Do to the child of ``agent`` that reads ``port`` what a scenario's act says; return whether there was one."""
    pid = worker_of(agent, port=port)
    if pid is None:
        return False
    with suppress(ProcessLookupError):  # it died by itself a moment ago
        match act:
            case "worker_kill":
                os.kill(pid, signal.SIGKILL)
            case "worker_hang":
                os.kill(pid, signal.SIGSTOP)
            case "worker_starve":
                resource.prlimit(pid, resource.RLIMIT_DATA, (1, resource.prlimit(pid, resource.RLIMIT_DATA)[1]))
    return True


def worker_of(agent: int, *, port: int) -> int | None:
    """Return the process below ``agent`` that has a connection to a port of this machine."""
    sockets = set(_sockets_to(port))
    return next((pid for pid in sorted(_below(agent)) if sockets & set(_sockets_of(pid))), None)


def _below(pid: int) -> Iterator[int]:
    """Yield children, and theirs."""
    for task in (_PROC / str(pid) / "task").glob("*"):
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _below(int(child))


def _sockets_to(port: int) -> Iterator[str]:
    """Yield the inodes of established connections whose far end is ``port``."""
    for line in (_PROC / "net" / "tcp").read_text().splitlines()[1:]:
        words = line.split()
        if int(words[2].partition(":")[2], 16) == port and words[3] == _ESTABLISHED:
            yield f"socket:[{words[9]}]"


def _sockets_of(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for file in (_PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                yield str(file.readlink())
