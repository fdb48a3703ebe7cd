"""The judge's memory of a box as it was stored, or a fresh one that knows the floors it was given."""

import logging

import msgspec

from edge_agent.judge.ride.state import Floor, RideState

logger = logging.getLogger(__name__)


def ride_state(device: str, stored: bytes | None, *, floors: tuple[Floor, ...] = ()) -> RideState:
    """Return the state to go on from; given ``floors`` win over learned ones."""
    state = RideState() if stored is None else _decode(device, stored)
    if floors and tuple(one.height_m for one in floors) != tuple(one.height_m for one in state.floors):
        return msgspec.structs.replace(state, floors=floors, given=True, places=())
    if not floors and state.given:  # the file is not named any more
        return msgspec.structs.replace(state, floors=(), given=False, places=())
    return state


def _decode(device: str, stored: bytes) -> RideState:
    try:
        return msgspec.json.decode(stored, type=RideState)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        logger.error("%s: the judge's stored state cannot be read and begins anew: %s", device, error)
        return RideState()
