"""The entry of a worker's process: it steps back behind the lift path before anything heavy is loaded."""

import os
import sys

NICE = 10  # the lift path goes first


def main() -> None:
    """Be a worker."""
    step_back()
    from edge_agent.sources.camera.worker.worker import main as work  # OpenCV and the model cost a second

    work()


def step_back() -> None:
    """Go behind the agent: by niceness, and out of a real-time policy, which is inherited and knows no niceness."""
    if sys.platform == "linux" and _is_real_time(os.sched_getscheduler(0)):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.nice(NICE)


def _is_real_time(policy: int) -> bool:
    return policy & ~os.SCHED_RESET_ON_FORK in (os.SCHED_RR, os.SCHED_FIFO)


if __name__ == "__main__":
    main()
