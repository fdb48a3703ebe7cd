"""Follow the frame counter of a device: which of its messages are new, late or doubled, and how many are lost."""

from enum import StrEnum

import msgspec

from device_profiles.dialect import Frame

WRAP = 1 << 16  # a counter of 16 bits begins anew after 65535
WRAP_GAP = 256  # so few lost round it are believed; more is a counter that was reset
MEMORY = 62  # numbers up to the newest of which it is known whether they were heard: a stored integer has 63 bits
REPEAT_US = 60_000_000  # the newest number said again within this is a double; later, the counter was reset


class Arrival(StrEnum):
    """What a message is among those of its device."""

    NEW = "new"
    LATE = "late"  # a later one was here before
    DOUBLED = "doubled"


class Run(msgspec.Struct, frozen=True):
    """The numbers of one session, or of one run of the counter where nobody says the session."""

    session: str = ""
    newest: int = 0
    t_us: int = 0  # of the newest
    began_us: int = 0  # of the first
    heard: int = 1  # bit k: newest - k was heard
    reach: int = 0  # bits of `heard` that mean anything: before the first of a run nothing was missed


class Uplinks(msgspec.Struct, frozen=True):
    """What is known of a device's counter."""

    run: Run | None = None
    before: Run | None = None  # the run before it, of which late ones may still come
    lost: int = 0
    doubled: int = 0
    late: int = 0


def follow(known: Uplinks, frame: Frame, t_us: int | None) -> tuple[Uplinks, Arrival]:
    """Return what is known after a message that was observed at ``t_us`` by the sender's clock, and what it is."""
    run = known.run
    t_us = t_us if t_us is not None else 0 if run is None else run.t_us
    if run is None:
        return msgspec.structs.replace(known, run=_begin(frame, t_us)), Arrival.NEW
    if _is_of(known.before, frame, t_us, now=run):
        return _fill(known, frame, "before")
    if frame.session != run.session:
        return _anew(known, frame, t_us)
    ahead = _ahead(run, frame.number)
    if ahead > 0:
        moved = Run(run.session, frame.number, max(t_us, run.t_us), run.began_us, *_shifted(run, ahead))
        return msgspec.structs.replace(known, run=moved, lost=known.lost + ahead - 1), Arrival.NEW
    if t_us > run.t_us + (REPEAT_US if ahead == 0 else 0) or ahead <= -MEMORY:
        return _anew(known, frame, t_us)  # a radio says nothing old after something new: its counter was reset
    return _fill(known, frame, "run")


def _begin(frame: Frame, t_us: int) -> Run:
    return Run(frame.session, frame.number, t_us, t_us)


def _anew(known: Uplinks, frame: Frame, t_us: int) -> tuple[Uplinks, Arrival]:
    """The device has joined anew: what it said before that nobody heard is not known to have been said."""
    return msgspec.structs.replace(known, run=_begin(frame, t_us), before=known.run), Arrival.NEW


def _is_of(before: Run | None, frame: Frame, t_us: int, *, now: Run) -> bool:
    """Return whether a message belongs to the run before the present one."""
    if before is None:
        return False
    if before.session != now.session:
        return frame.session == before.session
    return frame.session == now.session and t_us < now.began_us and abs(before.newest - frame.number) < MEMORY


def _ahead(run: Run, number: int) -> int:
    """Return how far a number is beyond the newest, or behind it, over the end of 16 bits too."""
    ahead = number - run.newest
    rounds = (ahead + WRAP, ahead - WRAP) if max(run.newest, number) < WRAP else ()
    return next((around for around in rounds if abs(around) <= WRAP_GAP), ahead)


def _shifted(run: Run, ahead: int) -> tuple[int, int]:
    mask = (1 << MEMORY) - 1
    return (run.heard << min(ahead, MEMORY) | 1) & mask, min(run.reach + ahead, MEMORY - 1)


def _fill(known: Uplinks, frame: Frame, name: str) -> tuple[Uplinks, Arrival]:
    """Take in a message that is not news: one that was missing, or one that was here."""
    run: Run = getattr(known, name)
    behind = -_ahead(run, frame.number)
    if behind < 0:  # the run before went on, unheard
        moved = Run(run.session, frame.number, run.t_us, run.began_us, *_shifted(run, -behind))
        found = msgspec.structs.replace(known, late=known.late + 1, lost=known.lost - behind - 1)
        return msgspec.structs.replace(found, **{name: moved}), Arrival.LATE
    if behind < MEMORY and run.heard >> behind & 1:
        return msgspec.structs.replace(known, doubled=known.doubled + 1), Arrival.DOUBLED
    heard = run.heard | 1 << behind if behind < MEMORY else run.heard
    found = msgspec.structs.replace(known, late=known.late + 1, lost=known.lost - (behind <= run.reach))
    return msgspec.structs.replace(found, **{name: msgspec.structs.replace(run, heard=heard)}), Arrival.LATE
