"""One slave as it is polled: whether it is asked at all, for which block, and how long it is waited for."""

import logging
from collections.abc import Iterable

from edge_agent.sources.breaker import Breaker, Standing
from edge_agent.sources.bus import Patience, PollFailed
from edge_agent.sources.frames import Failure
from edge_agent.sources.plan import BlockPlan, SlavePlan

logger = logging.getLogger(__name__)


class Slave:
    """A slave's plan, its breaker, and when each register block is due (city seconds)."""

    def __init__(self, plan: SlavePlan, breaker: Breaker) -> None:
        self.plan = plan
        self.breaker = breaker
        self._due_s = {block.name: 0.0 for block in plan.registers}

    def scans(self) -> tuple[BlockPlan, ...]:
        """Return the blocks of the alarm scan; none while the breaker is open."""
        return () if self.breaker.standing is Standing.OPEN else self.plan.scans

    def due(self, now_s: float) -> Iterable[tuple[float, BlockPlan]]:
        """Return the register blocks that are due, with the time at which they were."""
        standing = self.breaker.standing
        if standing is Standing.OPEN or (standing is Standing.DOUBTFUL and self.plan.scans):
            return []  # a scan tells at less cost whether it is there
        blocks = ((self._due_s[block.name], block) for block in self.plan.registers)
        return [(due_s, block) for due_s, block in blocks if due_s <= now_s]

    def asked(self, block: BlockPlan, *, now_s: float) -> None:
        """Take note that ``block`` is being read."""
        if block.name in self._due_s:
            self._due_s[block.name] = now_s + block.every_s

    def patience(self) -> Patience:
        """Return how long to wait. A slave that is thought dead, not slow, is not worth a drain of the others' line.

        Should it answer late after all, the answer spoils one exchange of another slave, whose unit it does not carry;
        it is not asked itself before its longest answer time is over.
        """
        whole = self.plan.patience
        dead = self.breaker.standing is Standing.OPEN and not self.breaker.heard
        return Patience(whole.answer_s, 0.0) if dead and whole.latest_s < self.breaker.probe_s else whole

    def answered(self) -> None:
        """Take note of an answer, be it a refusal."""
        if self.breaker.standing is Standing.OPEN:
            logger.info("%s answers again", self.plan.device)
        self.breaker.good()

    def failed(self, error: PollFailed, *, now_s: float) -> None:
        """Take note of a failed poll."""
        if error.failure is Failure.EXCEPTION:
            self.answered()
            return
        before = self.breaker.standing
        self.breaker.bad(now_s, heard=error.heard)
        if before is not Standing.OPEN and self.breaker.standing is Standing.OPEN:
            logger.warning("%s does not answer (%s), only probed from now on", self.plan.device, error.failure)
