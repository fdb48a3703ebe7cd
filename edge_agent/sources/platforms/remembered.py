"""What a feed keeps of its devices' counters over a restart of the agent, so that what was missed then is known too."""

import logging
from collections.abc import Mapping

import msgspec

from edge_agent.sources.platforms.uplinks import Uplinks

logger = logging.getLogger(__name__)


class Remembered(msgspec.Struct, frozen=True):
    """Of one device."""

    uplinks: Uplinks
    t_us: int  # of its newest message


def remembered(feed: str, stored: bytes | None) -> dict[str, Remembered]:
    """Return device → what was stored of it; nothing when that cannot be read."""
    try:
        return {} if stored is None else msgspec.json.decode(stored, type=dict[str, Remembered])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        logger.error("%s: what was stored of its counters cannot be read and begins anew: %s", feed, error)
        return {}


def to_remember(devices: Mapping[str, Remembered]) -> bytes:
    """Return what is to be stored."""
    return msgspec.json.encode(devices)
