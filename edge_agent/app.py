"""The agent, wired in one straight line: sources → desk → outbox → uplink; it stops in the order of the flow."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

from device_profiles.clock import Clock
from device_profiles.errors import ConfigError
from edge_agent.config import LoadedConfig
from edge_agent.desk import Desk
from edge_agent.outbox import Outbox
from edge_agent.sample import Sample, Sink
from edge_agent.sources.modbus import ModbusSource
from edge_agent.threads import crashes, run_on
from edge_agent.uplink import Uplink

logger = logging.getLogger("edge_agent")


async def run(loaded: LoadedConfig, *, clock: Clock, stop: asyncio.Event) -> None:
    """Run the agent until ``stop``. Raises ConfigError, AgentError, or a group of what its tasks died of."""
    async with AsyncExitStack() as stack:
        outbox = _open_outbox(loaded, clock=clock)
        stack.callback(outbox.close)
        writer = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="outbox"))
        stack.callback(outbox.stop)
        uplink = Uplink(loaded, outbox, clock=clock)
        sender = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="uplink"))
        stack.callback(uplink.stop)
        desk = Desk(loaded, outbox, states=outbox.states(), clock=clock)
        sink = guarded(desk.take)
        sources = [ModbusSource(line, loaded.profiles, sink=sink, clock=clock) for line in loaded.config.lines]
        crash = stack.enter_context(crashes())

        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_wait(crash), name="threads")
            writing = group.create_task(run_on(writer, outbox.run), name="outbox")
            sending = group.create_task(run_on(sender, uplink.run), name="uplink")
            making = [group.create_task(source.run(), name="line") for source in sources]
            making.append(group.create_task(desk.beat_loop(), name="heartbeat"))
            logger.info("ready")
            await stop.wait()
            for task in making:
                task.cancel()
            await asyncio.wait(making)
            uplink.stop()
            await sending
            outbox.stop()
            await writing
            watching.cancel()


def guarded(sink: Sink) -> Sink:
    """Return ``sink`` with the per-message guard: one sample that breaks it costs that sample, not the street."""

    def take(sample: Sample) -> None:
        try:
            sink(sample)
        except Exception:
            logger.exception("a sample of %s is left out: %r", sample.device, sample)

    return take


async def _wait(crash: "asyncio.Future[None]") -> None:
    await crash


def _open_outbox(loaded: LoadedConfig, *, clock: Clock) -> Outbox:
    config = loaded.config
    try:
        return Outbox(loaded.data, agent=str(config.address), clock=clock, bounds=config.outbox.bounds)
    except OSError as error:
        raise ConfigError(f"{loaded.data}: {error.strerror}", file=loaded.file, key="data") from error
