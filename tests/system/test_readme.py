"""The README's commands do what it says: each ``console`` block is typed in order into an empty folder."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.paced import play

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line[2:] for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]
LONG_RUNNING = ("hub run", "edge-agent run")


def test_make_targets_are_what_ci_calls() -> None:
    """CI runs every make target that the README shows, and the README shows the two that matter."""
    shown = {command.split()[1] for command in COMMANDS if command.startswith("make ")}
    assert {"demo", "test"} <= shown
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [target for target in shown if not re.search(rf"\bmake .*\b{target}\b", script)] == []


@pytest.mark.timeout(900)  # a demo, a crash run and scenarios
def test_every_command_of_the_readme_runs(tmp_path: Path) -> None:
    """Commands end with exit 0; those that run for ever say ``ready`` and stop cleanly on SIGTERM."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}:/usr/sbin"}
    running: list[subprocess.Popen[str]] = []
    try:
        for command in COMMANDS:
            if command.startswith("make "):
                continue
            if command.endswith("&"):
                running.append(_start(command, tmp_path, environment))
                continue
            done = _typed(command, tmp_path, environment)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    finally:
        codes = [_stop(process) for process in reversed(running)]
    assert codes == [0] * len(running)


def _typed(command: str, folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    words = shlex.split(command)
    if words[:2] == ["simulate", "run"]:
        return play(words, words[2], folder=folder, environment=environment)
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _start(command: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        shlex.split(command.removesuffix("&")), cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    if command.startswith(LONG_RUNNING):
        assert process.stderr is not None
        assert any(line.rstrip().endswith("ready") for line in process.stderr), f"{command} never said ready"
    return process


def _stop(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    return process.returncode
