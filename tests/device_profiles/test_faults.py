"""A fault point kills its own process, when and only when a crash test armed it."""

import signal
import subprocess
import sys

from device_profiles.faults import ENVIRONMENT, POINTS, fault_point

CODE = """
from device_profiles.faults import fault_point
for n in range(5):
    fault_point("hub.after_receipt")
    fault_point("hub.after_fsync")
    print(n, flush=True)
"""


def _run(armed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env={ENVIRONMENT: armed})


def test_a_child_dies_at_the_nth_hit() -> None:
    """SIGKILL at the third time the point is reached, and other points do not count."""
    child = _run("hub.after_fsync:3")
    assert child.returncode == -signal.SIGKILL
    assert child.stdout.split() == ["0", "1"]


def test_without_a_number_it_is_the_first_hit() -> None:
    """A point without a count kills at once."""
    assert _run("hub.after_fsync").stdout == ""


def test_an_unarmed_process_lives() -> None:
    """Without the variable, or with another point, nothing happens."""
    assert _run("").returncode == 0
    assert _run("agent.after_publish:1").returncode == 0
    fault_point("hub.after_fsync")


def test_points_are_named_once() -> None:
    """A crash test can count kills by name."""
    assert len(set(POINTS)) == len(POINTS)
    assert all(point.startswith(("agent.", "hub.")) for point in POINTS)
