"""Agents as processes of their own, for tests that stop, kill and restart them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.strain import Strain

ROOT = Path(__file__).parents[2]
STOP_S = 5.0  # every program of ours stops within this
WAIT_S = 60.0  # long enough for a loaded machine


class AgentProcess:
    """One ``edge-agent run``; its log is in ``log``."""

    def __init__(self, config: Path, *, program: Sequence[str] = ("edge_agent",), **environment: str) -> None:
        """``program`` is a module, and words before those of the command."""
        self.log: list[str] = []
        self._came = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *program, "run", str(config)],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for(self, text: str, timeout_s: float = WAIT_S) -> None:
        """Return once a line of the log contains ``text``."""
        with self._came:
            assert self._came.wait_for(lambda: any(text in line for line in self.log), timeout_s), self.log

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it politely, in time; return its exit code."""
        strain = Strain()
        self.process.send_signal(number)
        code = self._end(WAIT_S)
        assert strain.within(STOP_S), self.log
        return code

    def kill(self) -> int:
        """End it by SIGKILL, if it still runs; return its exit code."""
        self.process.kill()
        return self._end(WAIT_S)

    def wait(self, timeout_s: float = WAIT_S) -> int:
        """Return its exit code once it has ended by itself."""
        return self._end(timeout_s)

    def _end(self, timeout_s: float) -> int:
        code = self.process.wait(timeout_s)
        self._reader.join()
        return code

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                with self._came:
                    self.log.append(line)
                    self._came.notify_all()


def edge_agent(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ``edge-agent`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "edge_agent", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    )
