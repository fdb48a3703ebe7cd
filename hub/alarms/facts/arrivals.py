"""A pack as it arrives: who sent it, and what its times mean at the hub."""

import msgspec

from device_profiles.wire import Pack
from hub.alarms.decisions import Decisions
from hub.alarms.facts.offsets import FUTURE_US
from hub.alarms.rows import AgentState
from hub.journal.records import Record


class Arrival(msgspec.Struct):
    """One pack on its way through the fold."""

    decisions: Decisions
    agent: AgentState
    key: str  # the agent's
    pack: Pack
    present_us: int  # received time, on the agent's clock

    @property
    def future_us(self) -> int:
        """A time beyond this one is not believed (ALARMS.md, 11)."""
        return self.present_us + FUTURE_US

    @property
    def era(self) -> tuple[int, int]:
        """Epoch and last clock step: times compare only inside one, and a later era counts."""
        step = self.agent.step_seq if self.agent.step_epoch == self.pack.epoch else 0
        return self.pack.epoch, step if (self.pack.seq or 0) >= step else 0


def arrive(decisions: Decisions, agent: AgentState, record: Record, pack: Pack) -> Arrival:
    """Return the arrival of ``pack``, after its agent has been greeted."""
    return Arrival(decisions, agent, record.agent, pack, record.received_us - agent.offset.us)
