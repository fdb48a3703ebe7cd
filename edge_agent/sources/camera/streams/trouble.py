"""What can be wrong with a camera's picture, why no picture comes, and by what a worker is lost."""

from enum import StrEnum


class Trouble(StrEnum):
    """A state of a camera, the one that explains the others first. Events: ``camera.<it>`` and ``camera.<it>_over``."""

    STALLED = "stalled"  # no new picture
    SIZE = "size"  # another size than the zones were drawn on
    FROZEN = "frozen"  # pixels repeat, noise and all
    BLACK = "black"  # no light, no structure
    COVERED = "covered"  # structure that was there is hidden
    MOVED = "moved"  # it looks elsewhere than on its reference
    DEFOCUSED = "defocused"  # fine structure is lost, coarse is there


class Stream(StrEnum):
    """Why no picture comes; ``live`` when one does."""

    LIVE = "live"
    CONNECTING = "connecting"  # opened, nothing came yet
    UNREACHABLE = "unreachable"  # nobody answers, or the file is not there
    REFUSED = "refused"  # it answers, and gives nothing: a wrong path or password
    NO_VIDEO = "no_video"  # what it gives is no video
    TIMEOUT = "timeout"  # it was opened and stopped giving
    BROKEN = "broken"  # only broken pictures come
    EMPTY = "empty"  # a folder without pictures
    ENDED = "ended"  # a file or folder was played to its end
    WORKER = "worker"  # the worker is not there, or says nothing


class Loss(StrEnum):
    """By what a worker was lost."""

    CRASHED = "crashed"  # it ended by itself, or somebody killed it
    HUNG = "hung"  # it said nothing for too long
    SPINNING = "spinning"  # it burns a processor and sees nothing
    BLOATED = "bloated"  # it went over its memory
    BABBLING = "babbling"  # it said nonsense, or too much


def begun(trouble: Trouble) -> str:
    """Return the kind of the Event that it begins with."""
    return f"camera.{trouble}"


def over(trouble: Trouble) -> str:
    """Return the kind of the Event that it ends with."""
    return f"camera.{trouble}_over"


WORKER_LOST, WORKER_BACK = "camera.worker_lost", "camera.worker_back"
