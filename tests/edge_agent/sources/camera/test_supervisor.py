"""A worker that is not well is killed by its own pid, with the reason, and another one is started."""

import asyncio
import os
from collections.abc import Sequence

import msgspec
import pytest

from device_profiles.clock import Clock
from edge_agent.sources.camera.messages import Report
from edge_agent.sources.camera.streams.trouble import Loss
from edge_agent.sources.camera.supervisor import Patience, Supervisor, Watch, WorkerLost
from edge_agent.sources.camera.vitals import Vitals, vitals_of
from tests.edge_agent.sources.camera.rig import HASTY, order

BAD = "tests.edge_agent.sources.camera.bad_worker"
BURNT = msgspec.structs.replace(HASTY, hung_s=1.5, spin_s=0.4, spin_cores=0.05)  # a busy machine gives it little
WAYS = {
    "crash": Loss.CRASHED,
    "babble": Loss.BABBLING,
    "bloat": Loss.BLOATED,
    "spin": Loss.SPINNING,
    "burn": Loss.SPINNING,
}


@pytest.mark.parametrize("way", WAYS)
async def test_each_way_to_go_wrong_has_its_name_and_is_followed_by_a_new_worker(way: str) -> None:
    """And the event loop is never held up by it."""
    losses: asyncio.Queue[tuple[Loss, str]] = asyncio.Queue()
    reports: list[Report] = []
    supervisor = Supervisor(
        order(way, memory_bytes=150_000_000),
        take=reports.append,
        lost=lambda loss, detail: losses.put_nowait((loss, detail)),
        clock=Clock(),
        patience=BURNT if WAYS[way] is Loss.SPINNING else HASTY,
        module=BAD,
    )
    running = asyncio.create_task(supervisor.run())
    try:
        loss, detail = await asyncio.wait_for(losses.get(), 60)
        assert loss is WAYS[way], detail
        assert reports
        if way == "crash":
            assert "ended with 3" in detail
            assert "it is dark in here" in detail
            await asyncio.wait_for(losses.get(), 60)
            assert supervisor.restarts >= 1
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert supervisor.pid is None


Tick = tuple[int, float, int, bool]  # bytes, cores, reports, idle


def _judge(ticks: Sequence[Tick]) -> Loss | None:
    watch = Watch(Patience(), memory_bytes=600)
    for memory, cores, reports, idle in ticks:
        try:
            watch.take(Vitals(memory, 0.0), cores=cores, reports=reports, idle=idle)
        except WorkerLost as error:
            return error.loss
    return None


GOOD: Tick = (500, 1.0, 1, False)


@pytest.mark.parametrize(
    ("ticks", "loss"),
    [
        ([GOOD] * 100, None),  # a whole processor is its good right while pictures come
        ([(500, 0.0, 1, True)] * 100, None),  # a camera that is away costs nothing
        ([GOOD, *[(500, 0.0, 0, False)] * 19], None),
        ([GOOD, *[(500, 0.0, 0, False)] * 20], Loss.HUNG),
        ([GOOD, *[(500, 1.0, 0, False)] * 20], Loss.SPINNING),
        ([(500, 0.9, 0, False)] * 100, None),  # it is starting
        ([(500, 0.9, 0, False)] * 130, Loss.SPINNING),
        ([GOOD, *[(500, 1.0, 1, True)] * 24], Loss.SPINNING),
        ([GOOD, *[(500, 1.0, 1, True), (500, 0.1, 1, True)] * 24], None),
        ([(601, 0.0, 1, False)], Loss.BLOATED),
        ([(500, 0.5, 5000, False)], Loss.BABBLING),
    ],
)
def test_what_is_too_much(ticks: Sequence[Tick], loss: Loss | None) -> None:
    """Ticks of 0.25 s, and limits as they are."""
    assert _judge(ticks) is loss


def test_a_worker_that_others_keep_from_the_processors_is_not_hung_so_soon() -> None:
    """Another one in its place would have to wait as well, and to load its model first."""
    watch = Watch(Patience(), memory_bytes=600)
    watch.take(Vitals(500, 0.0), cores=0.1, reports=1, idle=False)

    def starve(ticks: int) -> None:
        for _ in range(ticks):
            watch.take(Vitals(500, 0.0), cores=0.1, reports=0, idle=False, starved=True)

    starve(60)  # 15 s
    with pytest.raises(WorkerLost, match="waited for a processor") as lost:
        starve(120)
    assert lost.value.loss is Loss.HUNG


def test_how_long_a_process_waited_for_a_processor_is_known() -> None:
    """Where the kernel counts it."""
    vitals = vitals_of(os.getpid())
    assert vitals is not None
    assert 0.0 <= vitals.waited_s < 1e6
