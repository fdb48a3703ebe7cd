"""Figures of many response clocks: median and 95th percentile of each stage by area and rule, and targets met."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from hub.response.clocks import STAGES, ResponseClock


class StageFigures(msgspec.Struct, frozen=True):
    """Times from detection to a stage, in seconds."""

    stage: str
    count: int
    p50_s: float
    p95_s: float


class TargetFigures(msgspec.Struct, frozen=True):
    """How often a target was met."""

    stage: str
    within_s: float
    met: int
    missed: int
    pending: int


class ResponseFigures(msgspec.Struct, frozen=True):
    """The figures of one area and rule."""

    area: str
    rule: str
    alarms: int
    stages: tuple[StageFigures, ...]
    targets: tuple[TargetFigures, ...]


def figures(clocks: Iterable[ResponseClock]) -> list[ResponseFigures]:
    """Return the figures by area and rule, in that order."""
    groups: dict[tuple[str, str], list[ResponseClock]] = defaultdict(list)
    for clock in clocks:
        groups[clock.area, clock.rule].append(clock)
    return [
        ResponseFigures(area, rule, len(found), tuple(_stages(found)), tuple(_targets(found)))
        for (area, rule), found in sorted(groups.items())
    ]


def percentile(values: Sequence[int], share: float) -> float:
    """Return the nearest-rank percentile: a value that occurred."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def _stages(clocks: list[ResponseClock]) -> Iterable[StageFigures]:
    for stage in STAGES[1:]:
        took = [us for us in (clock.took_us(stage) for clock in clocks) if us is not None]
        if took:
            yield StageFigures(stage, len(took), percentile(took, 0.50) / 1e6, percentile(took, 0.95) / 1e6)


def _targets(clocks: list[ResponseClock]) -> Iterable[TargetFigures]:
    found: dict[tuple[str, int], list[bool | None]] = defaultdict(list)
    for clock in clocks:
        for outcome in clock.outcomes:
            found[outcome.stage, outcome.within_us].append(outcome.met)
    for (stage, within_us), met in sorted(found.items()):
        yield TargetFigures(stage, within_us / 1e6, met.count(True), met.count(False), met.count(None))
