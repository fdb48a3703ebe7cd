"""What is done while the city goes on: programs lose their power, people act, receivers come and go, crews set out."""

import asyncio
import signal
from contextlib import AsyncExitStack

from simulators.acts import REPORT, WORKER_ACTS
from simulators.camera.street import ZONE
from simulators.camera.workers import harm
from simulators.play import WireFault
from simulators.receivers.office import HeardNotice
from simulators.responders.crew import Crews
from simulators.responders.desk import Desk
from simulators.stage import Stage, until

HOLE_REPORT = "person.reported_hole"
WORKER_S = 20.0  # real; a worker that was lost is back within


class Hands:
    """What happens to programs and what people do while the city goes on; each deed is a task of its own.

    An async context manager: what is not done at the end of the story will not be, and is missing in the truth.
    """

    def __init__(self, stage: Stage) -> None:
        self.off: set[str] = set()  # programs that are not expected to run
        self._stage = stage
        self._tasks: set[asyncio.Task[None]] = set()
        play = stage.play
        self._crews = Crews(play.scenario.responders, seed=play.seed, clock=stage.clock, scene=play)
        self._desk = Desk(stage.environment())
        self._stack = AsyncExitStack()

    def begin(self, deed: WireFault) -> None:
        """Begin a deed."""
        if deed.act == "node_off":
            self.off.add(self._stage.agent.name)
        self._tasks.add(asyncio.create_task(self._do(deed), name=deed.name))

    def check(self) -> None:
        """Raise what a deed has failed of."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.remove(task)
            task.result()
        self._crews.check()

    async def __aenter__(self) -> "Hands":
        scenario = self._stage.play.scenario
        if scenario.responders or any(act.act == REPORT for act in scenario.acts):
            await self._stack.enter_async_context(self._desk)
        if scenario.responders:
            await self._stack.enter_async_context(self._crews)
            self._stage.office.on_notice = self._call
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._stage.office.on_notice = None
        await self._stack.aclose()

    def _call(self, notice: HeardNotice) -> None:
        self._crews.hear(notice, self._desk, str(self._stage.hub_config))

    async def _do(self, deed: WireFault) -> None:
        if deed.act not in WORKER_ACTS | {"node_on"}:
            self._stage.play.took_hold(deed.name)  # before the hub can tell of it
        match deed.act:
            case "node_off":
                self._stage.agent.signal(signal.SIGKILL)
                await self._stage.agent.wait()
            case "node_on":
                await self._stage.agent.start(self._stage.environment())
                await self._stage.agent.until_ready()
                self.off.discard(self._stage.agent.name)
                self._stage.play.took_hold(deed.name)
            case "storm" if self._stage.storm is not None:
                await self._stage.storm.rage()
            case "receiver_off":
                await self._stage.office.leave(deed.receiver)
            case "receiver_on":
                await self._stage.office.come_back(deed.receiver)
            case _ if deed.act == REPORT:
                await self._report(deed)
            case _ if deed.act in WORKER_ACTS:
                await self._harm(deed)
            case _:
                await self._act_on_alarm(deed)

    async def _harm(self, deed: WireFault) -> None:
        """Wait until the camera has a worker, and do it. Raises ValueError if none comes."""
        port = self._stage.cameras.port(deed.camera)
        if not await until(lambda: harm(deed.act, agent=self._stage.agent.pid, port=port), WORKER_S):
            raise ValueError(f"{deed.name}: nobody watches {deed.camera}")
        self._stage.play.took_hold(deed.name)

    async def _report(self, deed: WireFault) -> None:
        """Let a passer-by say that there is a hole in the road that a camera watches."""
        where = "--area", self._stage.play.scenario.area, "--device", f"{deed.camera}-{ZONE}"
        words = ("a hole in the road", *where, "--kind", HOLE_REPORT, "--actor", "Zhao Li")
        answer = await self._desk.run("report", *words, str(self._stage.hub_config))
        if answer.code:
            raise ValueError(f"{deed.name}: {answer.output}")

    async def _act_on_alarm(self, deed: WireFault) -> None:
        """Let a person take or end the open alarm that the command centre sees. Raises ValueError if it sees none."""
        named = deed.rule, self._stage.play.scenario.subject(deed.lift)
        open_ = [word.id for word in self._stage.witness.open_alarms().values() if (word.rule, word.subject) == named]
        if not open_:
            raise ValueError(f"{deed.name}: the command centre sees no open {deed.rule} of {deed.lift}")
        command = {"acknowledge": "ack", "close": "close"}[deed.act]
        words = (open_[-1], "--actor", "Li Wei", "--note", deed.name)
        await self._stage.run_hub("alarm", command, *words, str(self._stage.hub_config))
