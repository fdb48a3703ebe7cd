"""Which troubles of a camera have been told, so that each begins and ends once, also over a worker's death."""

from collections.abc import Mapping
from typing import Any

from edge_agent.judge.finding import Finding
from edge_agent.sources.camera.streams.trouble import Trouble, begun, over


class Telling:
    """Of one camera."""

    def __init__(self) -> None:
        self._since_us: dict[Trouble, int] = {}  # what was told and has not ended

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._since_us = {trouble: t_us + step_us for trouble, t_us in self._since_us.items()}

    def take(
        self, troubles: Mapping[Trouble, bool | None], data: Mapping[Trouble, dict[str, Any]], t_us: int
    ) -> tuple[Finding, ...]:
        """Return what begins and what ends; unknown does neither."""
        findings = []
        for trouble, holds in troubles.items():
            if holds and trouble not in self._since_us:
                self._since_us[trouble] = t_us
                findings.append(Finding(begun(trouble), t_us, {"reason": trouble.value, **data.get(trouble, {})}))
            elif holds is False and trouble in self._since_us:
                lasted_s = max(0, t_us - self._since_us.pop(trouble)) / 1e6
                findings.append(Finding(over(trouble), t_us, {"reason": trouble.value, "lasted_s": round(lasted_s, 1)}))
        return tuple(findings)
