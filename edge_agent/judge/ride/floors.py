"""Where a car can be: floors that are given or learned, and the places that agree with all rides so far."""

import msgspec

from edge_agent.judge.ride.state import Floor, RideState

SURE_M = 0.9  # a place that is known worse than this says nothing of being between floors
TIGHT_M = 2.3  # nobody builds floors nearer than this: between two floors 4.6 m apart is no third
MET = 3  # visits that make a learned floor certain
MET_IN_ALL = 20
MANY = 400


class Place(msgspec.Struct, frozen=True):
    """What is known of where the car stands after a ride."""

    floors: tuple[Floor, ...]
    places: tuple[float, ...]  # heights at which it may stand; () is anywhere
    off: bool = False  # certainly at no floor


def arrive(state: RideState, climb_m: float, error_m: float, *, floor_m: float) -> Place:
    """Return floors and places after a ride by ``climb_m``."""
    reach = floor_m + 2.5 * error_m
    if state.given:
        return _arrive_given(state, climb_m, reach)
    return _arrive_learning(state, climb_m, reach)


def index_of(floors: tuple[Floor, ...], height_m: float | None) -> int | None:
    """Return the index of the floor at a height, counted from the lowest."""
    if height_m is None:
        return None
    heights = sorted(floor.height_m for floor in floors)
    near = [index for index, height in enumerate(heights) if abs(height - height_m) < 0.05]
    return near[0] if near else None


def _arrive_given(state: RideState, climb_m: float, reach: float) -> Place:
    heights = [floor.height_m for floor in state.floors]
    starts = state.places or tuple(heights)
    ends = _meet(starts, heights, climb_m, reach)
    if ends:
        return Place(state.floors, ends)
    if reach > SURE_M:
        return Place(state.floors, ())
    return Place(state.floors, tuple(start + climb_m for start in starts), off=True)


def _arrive_learning(state: RideState, climb_m: float, reach: float) -> Place:
    if reach > 1.6:  # too rough to learn from: lost until a finer ride
        return Place(state.floors, ())
    if not state.floors:
        return Place((Floor(0.0, 1), Floor(climb_m, 1)), (climb_m,))
    heights = [floor.height_m for floor in state.floors]
    if not state.places:
        return Place(state.floors, _meet(tuple(heights), heights, climb_m, reach))
    ends = _meet(state.places, heights, climb_m, reach)
    if ends:
        return Place(_visited(state, ends), ends)
    if len(state.places) > 1:
        return Place(state.floors, ())
    height = state.places[0] + climb_m
    if _too_tight(state.floors, height) and reach <= SURE_M:
        return Place(state.floors, (height,), off=True)
    return Place((*state.floors, Floor(height, 1))[-MANY:], (height,))


def _meet(starts: tuple[float, ...], heights: list[float], climb_m: float, reach: float) -> tuple[float, ...]:
    """Return the floors that some start reaches; of several near ones for one start the nearest."""
    ends = set()
    for start in starts:
        best = min(heights, key=lambda height: abs(height - start - climb_m))
        if abs(best - start - climb_m) <= reach and best != start:
            ends.add(best)
    return tuple(sorted(ends))


def _visited(state: RideState, ends: tuple[float, ...]) -> tuple[Floor, ...]:
    """Return the floors with one more visit; the first height stays, so that places keep their numbers."""
    if len(ends) != 1:
        return state.floors
    return tuple(
        msgspec.structs.replace(floor, visits=floor.visits + 1) if floor.height_m == ends[0] else floor
        for floor in state.floors
    )


def _too_tight(floors: tuple[Floor, ...], height: float) -> bool:
    if sum(floor.visits for floor in floors) < MET_IN_ALL:
        return False
    met = [floor.height_m for floor in floors if floor.visits >= MET]
    below = [height - other for other in met if other < height]
    above = [other - height for other in met if other > height]
    return bool(below) and bool(above) and min(below) < TIGHT_M and min(above) < TIGHT_M
