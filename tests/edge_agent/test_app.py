"""The agent as a whole: it starts without its line, stops in time, and loses nothing when it is killed."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from device_profiles.wire import Status
from edge_agent.app import guarded, run
from edge_agent.errors import ThreadCrashed
from edge_agent.outbox import Outbox
from edge_agent.sample import Sample
from tests.edge_agent.agents import AgentProcess
from tests.edge_agent.configs import loaded_config, write_config
from tests.edge_agent.listener import Listener, listening
from tests.servers import Mosquitto
from tests.strain import Strain


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[Listener]:
    """Listen as a hub does."""
    with listening(mosquitto.url) as listener:
        yield listener


def test_a_missing_port_is_logged_once_and_the_agent_lives(tmp_path: Path, mosquitto: Mosquitto, hub: Listener) -> None:
    """It says its birth; SIGTERM ends it in time with exit 0, and it says farewell."""
    agent = AgentProcess(write_config(tmp_path, url=mosquitto.url))
    try:
        agent.wait_for("edge_agent: ready")
        agent.wait_for("line rs485-1 is lost")
        hub.wait(lambda: len(hub.lane("status")) >= 2)
    finally:
        assert agent.stop() == 0
    hub.wait(lambda: not hub.lane("status")[-1].facts[0].online)  # type: ignore[union-attr]
    assert sum("is lost" in line for line in agent.log) == 1
    assert sum(": ready" in line for line in agent.log) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_time_without_a_broker(tmp_path: Path, number: signal.Signals) -> None:
    """Nothing waits for ever for what is not there."""
    agent = AgentProcess(write_config(tmp_path, url="mqtt://127.0.0.1:1"))
    agent.wait_for("is down")
    assert agent.stop(number) == 0


def test_killed_and_started_again_it_sends_every_pack_it_had_made(
    tmp_path: Path, mosquitto: Mosquitto, hub: Listener
) -> None:
    """Under their old epoch, and its will was told meanwhile."""
    config = write_config(tmp_path, url=mosquitto.url)
    first = AgentProcess(config)
    hub.wait(lambda: len(hub.lane("status")) == 2)
    assert first.kill() == -signal.SIGKILL
    hub.wait(lambda: any(pack.seq is None for pack in hub.packs))
    before = {(pack.epoch, pack.seq) for pack in hub.lane("status")}
    hub.packs.clear()
    second = AgentProcess(config)
    try:
        sent = lambda: {(pack.epoch, pack.seq) for pack in hub.lane("status")}  # noqa: E731
        hub.wait(lambda: before <= sent() and len(sent()) == 4)  # the same again adds nothing
        epochs = sorted({pack.epoch for pack in hub.lane("status")})
        assert len(epochs) == 2
        assert {pack.resent_in for pack in hub.lane("status")} == {None, epochs[1]}
    finally:
        second.stop()


@pytest.mark.parametrize("point", ["agent.before_outbox_commit", "agent.after_outbox_commit", "agent.after_publish"])
def test_fault_points_of_sending_are_passed(tmp_path: Path, mosquitto: Mosquitto, hub: Listener, point: str) -> None:
    """The crash test can kill the agent at each; what was heard is sent again afterwards."""
    config = write_config(tmp_path, url=mosquitto.url)
    assert AgentProcess(config, CITYNERVE_FAULT=point).wait() == -signal.SIGKILL
    again = AgentProcess(config)
    try:
        hub.wait(lambda: any(pack.resent_in is None for pack in hub.lane("status")))
        hub.receipt_all()
    finally:
        again.stop()


@pytest.mark.parametrize("point", ["agent.before_forget", "agent.after_forget"])
def test_fault_points_of_forgetting_are_passed(tmp_path: Path, mosquitto: Mosquitto, hub: Listener, point: str) -> None:
    """A receipt brings the agent there."""
    agent = AgentProcess(write_config(tmp_path, url=mosquitto.url), CITYNERVE_FAULT=point)
    hub.wait(lambda: len(hub.lane("status")) == 2)
    hub.receipt_all()
    assert agent.wait() == -signal.SIGKILL


async def test_a_thread_that_crashes_takes_the_program_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an agent is worse than none: a supervisor starts it anew."""
    loaded = loaded_config(tmp_path, url="mqtt://127.0.0.1:1")
    monkeypatch.setattr(Outbox, "_write", lambda _self: 1 / 0)
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(run(loaded, clock=Clock(), stop=asyncio.Event()), 30)
    assert caught.group_contains(ZeroDivisionError)


async def test_a_crash_of_a_foreign_thread_takes_it_down_too(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Paho's own, for example: here any thread of the process."""
    loaded = loaded_config(tmp_path, url=mosquitto.url)
    with listening(mosquitto.url) as hub:
        running = asyncio.create_task(run(loaded, clock=Clock(), stop=asyncio.Event()))
        await asyncio.to_thread(hub.wait, lambda: bool(hub.lane("status")))
        threading.Thread(target=lambda: 1 / 0, name="foreign").start()
        with pytest.raises(ExceptionGroup) as caught:
            await asyncio.wait_for(running, 30)
    assert caught.group_contains(ThreadCrashed, match="'foreign' crashed")


async def test_the_whole_agent_runs_in_process(tmp_path: Path, mosquitto: Mosquitto, hub: Listener) -> None:
    """And stops when it is told to."""
    stop = asyncio.Event()
    running = asyncio.create_task(run(loaded_config(tmp_path, url=mosquitto.url), clock=Clock(), stop=stop))
    await asyncio.to_thread(hub.wait, lambda: bool(hub.lane("status")))
    stop.set()
    strain = Strain()
    await asyncio.wait_for(running, 60)
    assert strain.within(5.0)
    assert isinstance(hub.lane("status")[0].facts[0], Status)


def test_one_sample_that_breaks_the_desk_costs_one_sample(caplog: pytest.LogCaptureFixture) -> None:
    """The per-message guard of this program."""
    seen: list[Sample] = []

    def sink(sample: Sample) -> None:
        if sample.t_us == 1:
            raise ZeroDivisionError
        seen.append(sample)

    take = guarded(sink)
    for t_us in (0, 1, 2):
        take(Sample("lift-01", t_us))
    assert [sample.t_us for sample in seen] == [0, 2]
    assert "a sample of lift-01 is left out" in caplog.text


def test_two_agents_on_one_folder_are_refused(tmp_path: Path) -> None:
    """Exit 1 and one line."""
    config = write_config(tmp_path, url="mqtt://127.0.0.1:1")
    first = AgentProcess(config)
    first.wait_for("ready")
    second = AgentProcess(config)
    assert second.wait() == 1
    assert "another agent runs on" in second.log[-1]
    assert first.stop() == 0
