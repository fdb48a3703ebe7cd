"""Where a worker stands in the queue for a processor."""

import os
import subprocess
import sys

import pytest

STEP = "from edge_agent.sources.camera.worker.entry import step_back; import os; step_back(); "
SAY = "print(os.sched_getscheduler(0), os.nice(0), 'cv2' in __import__('sys').modules)"
TRY = "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"
REAL_TIME = [os.SCHED_RR, os.SCHED_FIFO, os.SCHED_RR | os.SCHED_RESET_ON_FORK]


def stands(policy: int, priority: int) -> list[str]:
    """Return policy and niceness of a worker whose agent has this policy, and whether it has loaded OpenCV by then."""
    give = f"import os; os.sched_setscheduler(0, {policy}, os.sched_param({priority})); "
    return subprocess.check_output([sys.executable, "-c", give + STEP + SAY], text=True).split()


@pytest.mark.parametrize("policy", REAL_TIME)
def test_it_is_ordinary_where_the_agent_goes_before_everybody(policy: int) -> None:
    """A real-time policy is inherited, and niceness means nothing in it: an alarm would wait for the camera's model."""
    if subprocess.run([sys.executable, "-c", TRY], check=False, capture_output=True).returncode != 0:
        pytest.skip("may set no real-time policy")
    said, niceness, loaded = stands(policy, 1)
    assert (int(said), loaded) == (os.SCHED_OTHER, "False")
    assert int(niceness) >= os.nice(0)


def test_it_takes_no_turn_that_the_agent_does_not_have() -> None:
    """An agent that runs only when nobody else does has cameras that do, too."""
    assert stands(os.SCHED_IDLE, 0)[0] == str(os.SCHED_IDLE)
