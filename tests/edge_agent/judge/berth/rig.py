"""Looks at a berth, and what its judge finds by them."""

from collections.abc import Iterable

from hypothesis import strategies as st

from edge_agent.judge.berth.berth import BerthJudge
from edge_agent.judge.finding import Finding

S = 1_000_000
START = 1_763_600_000 * S
STEPS_S = (0.04, 0.2, 1.0, 10.0, 60.0, 300.0)

steps = st.sampled_from(STEPS_S)


def feed(judge: BerthJudge, looks: Iterable[tuple[float, float | None]]) -> list[Finding]:
    """Feed looks at seconds; return what was found."""
    return [found for at_s, p in looks for found in judge.take(START + round(at_s * S), "1", p)]


def steady(step_s: float, p: float | None, *, looks: int, after_s: float = 0.0) -> list[tuple[float, float | None]]:
    """Return looks that all say the same, at seconds."""
    return [(after_s + (number + 1) * step_s, p) for number in range(looks)]


def enough(step_s: float) -> int:
    """Return how many looks at this rate make sure."""
    return max(4, round(12 / step_s))


def kinds(findings: Iterable[Finding]) -> list[str]:
    """Return what was said."""
    return [one.kind for one in findings]
