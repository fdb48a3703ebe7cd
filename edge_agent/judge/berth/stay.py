"""A vehicle's stay in a berth, and whether it ended when it was said to: what is seen next may take that back."""

import math

import msgspec

from edge_agent.judge.lean import Lean

LEAST = 1e-6  # of a probability that odds are made of


class Stay(msgspec.Struct, frozen=True):
    """A vehicle in a berth."""

    arrived_us: int  # first look that saw it
    seen_us: int  # last look that did
    at_least: bool = False  # nobody saw it arrive: it may have stood there before
    gap: bool = False  # nobody saw for a while whether it was still there, or already another one
    unseen_us: int = 0  # for so long in all
    joined: int = 0  # so often it was said to have left, and that was taken back


class Left(msgspec.Struct, frozen=True):
    """A stay that was said to have ended by one look alone, far from others."""

    stay: Stay
    left_us: int  # as it was said
    odds: float  # that the berth was free, against that the look erred


def left_by(lean: Lean, stay: Stay, left_us: int) -> Left:
    """Return a stay that has ended by the look that ``lean`` weighed last."""
    return Left(stay, left_us, (1 - lean.value) / max(LEAST, 1 + lean.value))


def never_left(left: Left, gap_us: int, *, stays_us: int) -> bool:
    """Return whether, now that a vehicle is seen again, it is likelier that it stood there throughout.

    Else it left and another one came within the last gap: in a state that lasts ``stays`` on the average a change
    within a gap has the odds tanh(gap/stays).
    """
    return left.odds * math.tanh(gap_us / stays_us) < 1


def shifted_stay(stay: Stay, step_us: int) -> Stay:
    """Return it after the clock was set by so much."""
    return msgspec.structs.replace(stay, arrived_us=stay.arrived_us + step_us, seen_us=stay.seen_us + step_us)
