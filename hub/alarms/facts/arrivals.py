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
    present_us: int = 0  # received time, on the agent's clock
    future_us: int = 0  # a time beyond this one is not believed (ALARMS.md, 11)
    era: tuple[int, int] = (0, 0)  # epoch and last clock step: times compare only inside one, and a later era counts

    def reckon(self) -> None:
        """Take in where the agent's clock stands: at first, and after each step of it."""
        agent, pack = self.agent, self.pack
        self.present_us = self.decisions.received_us - agent.offset.us
        self.future_us = self.present_us + FUTURE_US
        step = agent.step_seq if agent.step_epoch == pack.epoch else 0
        self.era = pack.epoch, step if (pack.seq or 0) >= step else 0


def arrive(decisions: Decisions, agent: AgentState, record: Record, pack: Pack) -> Arrival:
    """Return the arrival of ``pack``, after its agent has been greeted."""
    arrival = Arrival(decisions, agent, record.agent, pack)
    arrival.reckon()
    return arrival
