"""Reads an ``strace -f -y -xx`` log as system calls in order: what was written, synced, received and sent, and when."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = "pwrite64,write,ftruncate,fdatasync,fsync,unlink,sendto,sendmsg,recvfrom,close"
OPTIONS = ["-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}"]

_WHOLE = re.compile(r"^(?P<pid>\d+) +(?P<name>\w+)\((?P<args>.*)\) += (?P<result>-?\d+)")
_START = re.compile(r"^(?P<pid>\d+) +(?P<name>\w+)\((?P<args>.*) <unfinished \.\.\.>$")
_END = re.compile(r"^(?P<pid>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<args>.*)\) += (?P<result>-?\d+)")
_FILE = re.compile(r"^(?P<fd>\d+)<(?P<path>[^>]*)>")
_STRING = re.compile(r'"(?P<hex>(?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Call:
    """One system call; ``began`` and ``ended`` are its places in the log, so that threads can be ordered."""

    name: str
    began: int
    ended: int
    fd: int
    path: str  # what the descriptor was, or the path of an unlink
    data: bytes
    offset: int  # of a pwrite64, or the length of an ftruncate
    result: int


def read_calls(log: Path) -> Iterator[Call]:
    """Yield the finished calls of ``log`` in the order in which they ended."""
    open_calls: dict[str, tuple[int, str]] = {}
    with log.open(encoding="ascii", errors="replace") as lines:
        for number, line in enumerate(lines):
            if whole := _WHOLE.match(line):
                yield _call(whole["name"], whole["args"], (number, number), int(whole["result"]))
            elif start := _START.match(line.rstrip("\n")):
                open_calls[start["pid"]] = (number, start["args"])
            elif end := _END.match(line):
                began, args = open_calls.pop(end["pid"], (number, ""))
                yield _call(end["name"], args + end["args"], (began, number), int(end["result"]))


def _call(name: str, args: str, place: tuple[int, int], result: int) -> Call:
    file = _FILE.match(args)
    strings = [_unhex(match["hex"]) for match in _STRING.finditer(args)]
    numbers = re.findall(r", (\d+)", _STRING.sub("", args))
    path = _unhex(file["path"]).decode(errors="replace") if file else (strings or [b""])[0].decode(errors="replace")
    offset = int(numbers[-1]) if name in ("pwrite64", "ftruncate") and numbers else 0
    data = b"".join(strings) if file else b""
    return Call(name, *place, int(file["fd"]) if file else -1, path, data[: max(result, 0)], offset, result)


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
