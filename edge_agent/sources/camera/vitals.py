"""What the system says of a process: how much memory and processor time it takes."""

import os
from pathlib import Path

import msgspec

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _RSS = 11, 12, 21  # fields of /proc/<pid>/stat after the command's name; proc(5)


class Vitals(msgspec.Struct, frozen=True):
    """At one moment."""

    memory_bytes: int  # resident
    cpu_s: float  # since its start
    waited_s: float = 0.0  # likewise: its first thread could run and had no processor


def vitals_of(pid: int) -> Vitals | None:
    """Return them, None when the process is gone or the system has no /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    if len(fields) <= _RSS:
        return None
    cpu_s = (int(fields[_UTIME]) + int(fields[_STIME])) * _TICK_S
    return Vitals(int(fields[_RSS]) * _PAGE, cpu_s, _waited_s(pid))


def _waited_s(pid: int) -> float:
    """Return it; 0 where the kernel keeps no such count."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
