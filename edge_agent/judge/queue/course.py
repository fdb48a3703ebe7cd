"""Follow a queue over time: when it has formed, grows, grows no more, is over, or cannot be seen."""

from enum import StrEnum
from typing import Any

import msgspec

from edge_agent.judge.finding import Finding
from edge_agent.judge.queue.limits import QueueLimits
from edge_agent.judge.queue.road import Queue

FORMED, GROWING, STEADY, OVER, UNKNOWN = (
    f"queue.{word}" for word in ("formed", "growing", "steady", "over", "unknown")
)
EVENTS = frozenset({FORMED, GROWING, STEADY, OVER, UNKNOWN})
STEP_US = 1_000_000  # lengths closer together are one
MOST = 240  # lengths that are kept
OLD_US = 150_000_000  # what was not seen for longer is not known any more: over two stills a minute apart


class Phase(StrEnum):
    """Whether there is a queue."""

    NONE = "none"
    QUEUE = "queue"
    UNKNOWN = "unknown"


class Course(msgspec.Struct, frozen=True):
    """A queue's course so far."""

    phase: Phase = Phase.UNKNOWN
    queue: Queue | None = None  # at the last look
    growing: bool = False
    growth_mps: float | None = None  # None: not measured for long enough
    lengths: tuple[tuple[int, float], ...] = ()  # t_us, metres
    since_us: int | None = None  # the last looks all say that the phase is another one
    known: bool = False  # the phase has been known once
    last_us: int | None = None  # of the last look
    apart_us: int = 0  # between it and the one before
    away: bool = False  # it was told by who looked before, and nobody has seen it since


def look(
    course: Course, t_us: int, queue: Queue | None, *, zone: str, limits: QueueLimits, reason: str
) -> tuple[Course, list[Finding]]:
    """Return the course after a look, and what became true; without a ``queue`` it says why nobody knows of one.

    What was told before the judge was started may well hold: its cameras have only begun to look. When nobody saw it
    for long, or it is from the future, it is unknown first.
    """
    old = course.away and not 0 <= t_us - (course.last_us or 0) <= OLD_US
    if course.away and not old and queue is None:
        return course, []
    found: list[Finding] = []
    if old or queue is None:
        course, found = lose(course, t_us, zone=zone, reason="unseen" if old else reason)
    if queue is None:
        return course, found
    course, more = follow(msgspec.structs.replace(course, away=False), t_us, queue, zone=zone, limits=limits)
    return course, found + more


def follow(course: Course, t_us: int, queue: Queue, *, zone: str, limits: QueueLimits) -> tuple[Course, list[Finding]]:
    """Return the course after a look, and what became true."""
    lengths = _lengths(course.lengths, t_us, None if queue.open_end else queue.queue_m, limits)
    growth_mps, rise_m = _growth(lengths, limits)
    apart_us = 0 if course.last_us is None else max(0, t_us - course.last_us)
    far_us = min(apart_us, course.apart_us)  # after one gap alone the next look may come at once
    course = msgspec.structs.replace(
        course, queue=queue, lengths=lengths, growth_mps=growth_mps, last_us=t_us, apart_us=apart_us
    )
    course, found = _phase(course, t_us, far_us, zone=zone, limits=limits)
    course, more = _grow(course, t_us, rise_m, zone=zone, limits=limits)
    return course, found + more


def lose(course: Course, t_us: int, *, zone: str, reason: str) -> tuple[Course, list[Finding]]:
    """Return the course once nobody sees the queue; it neither ends by that nor stops to grow."""
    lost = Course(known=course.known, growing=course.growing)
    found = Finding(UNKNOWN, t_us, {"reason": reason, "zone": zone, "score": None, "was": str(course.phase)})
    return lost, [found] if course.phase is not Phase.UNKNOWN else []


def left_of(course: Course) -> Course:
    """Return what of a course is to outlive who looks: what was told, and what was measured; not what is pending."""
    away = course.phase is not Phase.UNKNOWN
    return msgspec.structs.replace(course, queue=None, growth_mps=None, since_us=None, apart_us=0, away=away)


def shift(course: Course, step_us: int) -> Course:
    """Return the course after the clock was set by so much."""
    lengths = tuple((t_us + step_us, length_m) for t_us, length_m in course.lengths)
    since_us = None if course.since_us is None else course.since_us + step_us
    last_us = None if course.last_us is None else course.last_us + step_us
    return msgspec.structs.replace(course, lengths=lengths, since_us=since_us, last_us=last_us)


def _phase(course: Course, t_us: int, far_us: int, *, zone: str, limits: QueueLimits) -> tuple[Course, list[Finding]]:
    """Return the course with the phase that has lasted.

    A road that looks farther apart find free needs no second one; what they find there may have been passing by.
    """
    assert course.queue is not None  # only a queue that was seen comes here
    least_m = limits.form_m if course.phase is not Phase.QUEUE else limits.form_m * 0.7
    now = Phase.QUEUE if course.queue.queue_m >= least_m else Phase.NONE
    if now is course.phase:
        return msgspec.structs.replace(course, since_us=None), []
    since_us = t_us if course.since_us is None else course.since_us
    wait_us = limits.form_us if now is Phase.QUEUE else limits.over_us
    if t_us - since_us < wait_us and (now is Phase.QUEUE or far_us < wait_us):
        return msgspec.structs.replace(course, since_us=since_us), []
    changed = msgspec.structs.replace(course, phase=now, since_us=None, known=True)
    if now is Phase.NONE and not course.known:  # a road that was free from the first look on: nothing has changed
        return changed, []
    return changed, [_finding(FORMED if now is Phase.QUEUE else OVER, t_us, changed, zone, since_us=since_us)]


def _grow(course: Course, t_us: int, rise_m: float, *, zone: str, limits: QueueLimits) -> tuple[Course, list[Finding]]:
    growth, queues = course.growth_mps, course.phase is Phase.QUEUE
    if course.growing:
        grows = course.phase is not Phase.NONE and (growth is None or growth >= limits.grow_mps / 2)
    else:
        grows = queues and growth is not None and growth >= limits.grow_mps and rise_m >= limits.rise_m
    grows = grows and not _falls(course, limits)
    if grows is course.growing:
        return course, []
    course = msgspec.structs.replace(course, growing=grows)
    return course, [_finding(GROWING if grows else STEADY, t_us, course, zone)]


def _falls(course: Course, limits: QueueLimits) -> bool:
    """Return whether it is shorter than it was by as much as is a rise: a slope over minutes says so much later."""
    now_m = 0.0 if course.queue is None or course.queue.open_end else course.queue.queue_m
    return bool(now_m and course.lengths) and max(one for _, one in course.lengths) - now_m >= limits.rise_m


def _lengths(
    lengths: tuple[tuple[int, float], ...], t_us: int, length_m: float | None, limits: QueueLimits
) -> tuple[tuple[int, float], ...]:
    """Return the lengths of the window with another one; one that nobody knows (None) lets the old ones go."""
    if length_m is not None and lengths and t_us - lengths[-1][0] < max(STEP_US, limits.window_us // MOST):
        return lengths
    # at one still a minute a window of two minutes holds too little to be a slope
    least = len(lengths) - 3 if length_m is not None else len(lengths)
    kept = [one for at, one in enumerate(lengths) if t_us - one[0] <= limits.window_us or at >= least]
    return tuple(kept[-MOST:]) if length_m is None else (*kept, (t_us, length_m))[-MOST:]


def _growth(lengths: tuple[tuple[int, float], ...], limits: QueueLimits) -> tuple[float | None, float]:
    """Return the slope by least squares, and the metres that it makes over the time that was measured."""
    if len(lengths) < 4 or lengths[-1][0] - lengths[0][0] < limits.window_us / 2:
        return None, 0.0
    times = [(t_us - lengths[0][0]) / 1e6 for t_us, _ in lengths]
    mean_s = sum(times) / len(times)
    mean_m = sum(length_m for _, length_m in lengths) / len(lengths)
    spread = sum((at - mean_s) ** 2 for at in times)
    slope = sum((at - mean_s) * (one - mean_m) for at, (_, one) in zip(times, lengths, strict=True)) / spread
    return slope, slope * times[-1]


def _finding(kind: str, t_us: int, course: Course, zone: str, **more: Any) -> Finding:
    queue = course.queue or Queue()
    growth = None if course.growth_mps is None else round(course.growth_mps * 60, 1)
    data = {"reason": kind.partition(".")[2], "zone": zone, "score": round(queue.score, 3), "vehicles": queue.vehicles}
    data |= {"length_m": round(queue.queue_m, 1), "tail_m": round(queue.tail_m, 1), "at_least": queue.at_least}
    return Finding(kind, t_us, {**data, "growth_m_per_min": growth, **more})
