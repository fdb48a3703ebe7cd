"""Named points at which a crash test kills a program with SIGKILL; without that test they do nothing."""

import os
import signal

ENVIRONMENT = "CITYNERVE_FAULT"  # "<point>:<n>": die when the point is reached for the n-th time

# in groups, by what a program does there; a crash test takes those that its city passes
AGENT = (
    "agent.before_outbox_commit",
    "agent.after_outbox_commit",
    "agent.after_publish",
    "agent.before_forget",
    "agent.after_forget",
)
INTAKE = ("hub.before_append", "hub.after_fsync", "hub.after_puback", "hub.after_receipt")
COMMITS = ("hub.before_transitions", "hub.after_transitions")  # passed only when alarms change
TELLING = ("hub.after_delivery",)  # likewise
ACTS = ("hub.before_act", "hub.after_act")  # passed by a person's command
DELIVERY = (  # passed by a hub with receivers
    "hub.before_route",
    "hub.after_route",
    "hub.after_form",
    "hub.after_send",
    "hub.after_told",
    "hub.after_word",
)
ARCHIVE = ("hub.before_archive", "hub.after_archive")
POINTS = AGENT + INTAKE + COMMITS + TELLING + ACTS + DELIVERY + ARCHIVE


class _Armed:
    def __init__(self, text: str) -> None:
        point, _, count = text.partition(":")
        self.point = point
        self.left = int(count or "1") if point else 0


_armed = _Armed(os.environ.get(ENVIRONMENT, ""))


def arm(text: str) -> None:
    """Arm a point of this process, as the environment does for one that starts."""
    global _armed
    _armed = _Armed(text)


def fault_point(name: str) -> None:
    """Kill this process here, if a crash test armed the point."""
    if _armed.left and name == _armed.point:
        _armed.left -= 1
        if _armed.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
