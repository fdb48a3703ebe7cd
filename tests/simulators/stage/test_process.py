"""A program is awaited by its word, its death is noticed, and it is ended by its pid."""

import signal
import sys
from pathlib import Path

import pytest

from simulators.stage.process import Program, ProgramDied

READY = "import sys, time; print('x: ready', file=sys.stderr, flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + READY
DYING = "import sys; print('no such port', file=sys.stderr); sys.exit(2)"


def _program(code: str, folder: Path) -> Program:
    return Program("toy", [sys.executable, "-c", code], log=folder / "toy.log")


async def test_a_program_gets_ready_and_is_stopped(tmp_path: Path) -> None:
    """The word on stderr is waited for and kept in the log; SIGTERM ends it."""
    toy = _program(READY, tmp_path)
    await toy.start({})
    await toy.until_ready()
    assert toy.running
    assert await toy.stop() == -signal.SIGTERM
    assert not toy.running
    assert (tmp_path / "toy.log").read_text() == "x: ready\n"


async def test_a_program_that_dies_is_told_with_its_log(tmp_path: Path) -> None:
    """Waiting for a dead program ends at once, with the exit code and its last words."""
    toy = _program(DYING, tmp_path)
    await toy.start({})
    with pytest.raises(ProgramDied, match="toy ended with 2") as caught:
        await toy.until_ready()
    assert caught.value.log == "no such port"


async def test_a_program_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the grace SIGKILL ends it."""
    monkeypatch.setattr("simulators.stage.process.STOP_S", 0.2)
    toy = _program(STUBBORN, tmp_path)
    await toy.start({})
    await toy.until_ready()
    assert await toy.stop() == -signal.SIGKILL


async def test_a_program_can_be_started_again(tmp_path: Path) -> None:
    """After a kill it starts anew and must say its word again."""
    toy = _program(READY, tmp_path)
    for _ in range(2):
        await toy.start({})
        await toy.until_ready()
        toy.signal(signal.SIGKILL)
        assert await toy.wait() == -signal.SIGKILL
    assert toy.starts == 2
