"""What is asked of each slave of a line: its alarm scan, its other blocks, and the patience it is given."""

from collections.abc import Mapping

import msgspec

from device_profiles.config import duration_s
from device_profiles.profile import Profile
from edge_agent.config import LineConfig, SlaveConfig
from edge_agent.sources.bus import Patience
from edge_agent.sources.decode import Field, fields_of
from edge_agent.sources.frames import Question, ask_for


class BlockPlan(msgspec.Struct, frozen=True):
    """One block of one slave."""

    name: str
    question: Question
    fields: tuple[Field, ...]
    every_s: float  # city seconds; of no effect in a scan


class SlavePlan(msgspec.Struct, frozen=True):
    """One slave."""

    device: str
    scans: tuple[BlockPlan, ...]  # read before every register block of the line
    registers: tuple[BlockPlan, ...]  # the other blocks, each when it is due
    patience: Patience

    @property
    def probe(self) -> BlockPlan:
        """The one short request by which a slave that is thought dead is tried."""
        return min(self.scans or self.registers, key=lambda block: block.question.answer_bytes)


def plan_line(line: LineConfig, profiles: Mapping[str, Profile]) -> tuple[SlavePlan, ...]:
    """Return the plan of each slave of ``line``; the config has checked that each profile has a Modbus map."""
    return tuple(_plan_slave(slave, profiles[slave.profile]) for slave in line.slaves)


def _plan_slave(slave: SlaveConfig, profile: Profile) -> SlavePlan:
    modbus = profile.spec.modbus
    if modbus is None or not modbus.blocks:
        raise ValueError(f"profile {profile.kind!r} has no Modbus block")
    scans: list[BlockPlan] = []
    registers: list[BlockPlan] = []
    for name, block in modbus.blocks.items():
        plan = BlockPlan(
            name,
            ask_for(block, unit=slave.unit),
            fields_of(profile.spec, name, table=block.table),
            duration_s(block.every),
        )
        (scans if block.scan else registers).append(plan)
    patience = Patience(duration_s(modbus.answer), duration_s(modbus.latest))
    return SlavePlan(slave.device, tuple(scans), tuple(registers), patience)
