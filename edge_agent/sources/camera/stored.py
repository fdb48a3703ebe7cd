"""What of a camera's zones and of roads outlives the agent: read when it starts, written when it is worth a write."""

import logging
from collections.abc import Iterable, Mapping

import msgspec

from edge_agent.judge.queue.course import Course, left_of
from edge_agent.vision.watch import Kept
from edge_agent.vision.zones import Zone

logger = logging.getLogger(__name__)

REWRITE_US = 60_000_000  # city; until when a vehicle or a lane was seen is stored so often, all else at once


class Stored:
    """Of one camera's zones."""

    def __init__(self, kept: Mapping[str, Kept]) -> None:
        self.kept = dict(kept)  # zone → what the next worker goes on with
        self._written: dict[str, tuple[object, ...]] = {zone: _worth(one) for zone, one in kept.items()}
        self._written_us: dict[str, int] = {}

    def keep(self, zone: str, kept: Kept, t_us: int) -> bytes:
        """Keep what is known of a zone; return what is to be stored, empty when what is stored will do."""
        self.kept[zone] = kept
        fresh = _worth(kept) == self._written.get(zone)
        if fresh and not ((kept.stay or kept.course) and abs(t_us - self._written_us.get(zone, 0)) >= REWRITE_US):
            return b""
        self._written[zone], self._written_us[zone] = _worth(kept), t_us
        return msgspec.json.encode(kept)


class StoredCourse:
    """Of one road's queue."""

    def __init__(self) -> None:
        self._written: tuple[object, ...] = ()
        self._written_us = 0

    def keep(self, course: Course, t_us: int) -> bytes:
        """Return what is to be stored, empty when what is stored will do."""
        worth = _worth_of(course)
        if worth == self._written and abs(t_us - self._written_us) < REWRITE_US:
            return b""
        self._written, self._written_us = worth, t_us
        return msgspec.json.encode(left_of(course))


def read_course(stored: bytes | None, *, device: str) -> Course | None:
    """Return what was stored of a road's queue; what cannot be read begins anew."""
    try:
        return None if stored is None else msgspec.json.decode(stored, type=Course)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        logger.error("%s: what was stored of it cannot be read and begins anew: %s", device, error)
        return None


def read_stored(zones: Iterable[Zone], states: Mapping[str, bytes], *, devices: Mapping[str, str]) -> dict[str, Kept]:
    """Return zone → what was stored of it; what cannot be read begins anew. ``devices``: by zone."""
    found: dict[str, Kept] = {}
    for zone in zones:
        stored = states.get(devices[zone.id])
        if stored is None:
            continue
        try:
            found[zone.id] = msgspec.json.decode(stored, type=Kept)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            logger.error("%s: what was stored of it cannot be read and begins anew: %s", devices[zone.id], error)
    return found


def _worth(kept: Kept) -> tuple[object, ...]:
    """Return what is written at once when it changes; when something was seen last, and how often, changes always."""
    stay = kept.stay and (kept.stay.arrived_us, kept.stay.gap, kept.stay.unseen_us)
    course = kept.course and _worth_of(kept.course)
    return stay, kept.told, course, kept.evidence, tuple((one.told, one.told_us) for one in kept.changes)


def _worth_of(course: Course) -> tuple[object, ...]:
    """Return likewise what of a queue's course is written at once."""
    return course.phase, course.growing, course.known
