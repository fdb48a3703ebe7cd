"""Whether the hub has told the agents that it keeps their packs: without a receipt an agent keeps them for ever."""

from collections.abc import Iterable, Mapping

from simulators.observers.packs import PackKey
from simulators.scoring.check import Check
from simulators.stage.stage import Stage, until

RECEIPTED_S = 10.0  # real; from the end of the story, on a busy machine


async def receipt_check(stage: Stage) -> Check:
    """Return whether every pack of the agents that run is receipted, now or soon."""
    scenario = stage.play.scenario
    listening = {str(scenario.addresses[name]) for name, agent in stage.agents.items() if agent.running}
    packs = [key for key in stage.tap.packs if key.agent in listening]  # what is made from now on is not asked for
    await until(lambda: not unreceipted(packs, stage.tap.receipts), RECEIPTED_S)
    lacking = unreceipted(packs, stage.tap.receipts)
    lanes = ", ".join(sorted({f"{key.agent} {key.lane}" for key in lacking}))
    return Check("receipts", not lacking, f"{len(lacking)} of {len(packs)} packs have none: {lanes}")


def unreceipted(packs: Iterable[PackKey], receipts: Mapping[tuple[str, str], tuple[int, int]]) -> list[PackKey]:
    """Return the packs that the last receipt of their lane, (epoch, seq), does not cover; a later epoch covers all."""
    return [key for key in packs if (key.epoch, key.seq) > receipts.get((key.agent, key.lane), (0, 0))]
