"""What can go wrong with a notice on its way, one leaf for each thing that the outbox does about it."""

from enum import StrEnum

from hub.errors import HubError


class Fault(StrEnum):
    """Why a notice was not told."""

    UNREACHABLE = "unreachable"  # no connection
    TIMED_OUT = "timed_out"  # connected, but no answer in time
    CUT = "cut"  # the connection ended before an answer
    STATUS = "status"  # an answer that says: not now
    REDIRECTED = "redirected"  # an alarm goes where the config says and nowhere else
    EXIT = "exit"  # a command that ended with a failure
    NO_ROOM = "no_room"  # the folder takes no file
    REFUSED = "refused"  # an answer that says: never
    DEAD = "dead"  # not told within `dead_after`
    REMOVED = "removed"  # the config has no such receiver any more


class DeliveryError(HubError):
    """Root: a notice was not told, and why."""

    def __init__(self, fault: Fault, detail: str, *, again_s: float = 0.0) -> None:
        """``again_s``: the pause that the receiver asks for, in real seconds."""
        super().__init__(f"{fault.value}: {detail}")
        self.again_s = again_s
        self.fault = fault
        self.detail = detail


class Unsent(DeliveryError):
    """The receiver has not taken it: what it says may be told in another notice later."""


class Uncertain(DeliveryError):
    """The receiver may have taken it: the same notice is sent again, under the same key."""


class Refused(DeliveryError):
    """The receiver will never take this notice."""
