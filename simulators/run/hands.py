"""What is done while the city goes on: programs lose their power, people act, receivers come and go, crews set out."""

import asyncio
import signal
from contextlib import AsyncExitStack

from simulators.camera.places.street import ZONE
from simulators.play.acts import REPORT, SITE_ACTS, WORKER_ACTS
from simulators.play.play import WireFault
from simulators.play.story import SITE
from simulators.receivers.office import HeardNotice
from simulators.responders.crew import Crews
from simulators.responders.desk import Desk
from simulators.run.workers import harm
from simulators.stage.stage import Stage, until

HOLE_REPORT = "person.reported_hole"
INSPECTOR = "Chen Jie"
SEEN_S = 30.0  # real; from an act that raises an alarm to the centre's word of it
WORKER_S = 60.0  # real; a worker that was lost is back within


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
        if scenario.responders or any(act.act in SITE_ACTS and not act.lift for act in scenario.acts):
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
            case "inspect":
                await self._inspect(deed)
            case "declare_over":
                await self._declare_over(deed)
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
        """Let a passer-by say that there is a hole in the road, at a camera's zone or above a sensor."""
        where = "--area", self._stage.play.scenario.area, "--device", deed.sensor or f"{deed.camera}-{ZONE}"
        await self._run(deed, "report", "a hole in the road", *where, "--kind", HOLE_REPORT, "--actor", "Zhao Li")

    async def _inspect(self, deed: WireFault) -> None:
        """Let somebody come to a site, look, and close its alarm for that reason."""
        by = (await self._alarm_of(deed), "--actor", INSPECTOR, "--note", deed.name)
        await self._run(deed, "alarm", "arrive", *by)
        await self._run(deed, "alarm", "close", *by, "--because", "inspected")

    async def _declare_over(self, deed: WireFault) -> None:
        """Let somebody who has not been there try to close it. Raises ValueError when the hub lets him."""
        words = (await self._alarm_of(deed), "--actor", "Li Wei", "--note", deed.name, "--because", "false_call")
        answer = await self._desk.run("alarm", "close", *words, str(self._stage.hub_config))
        if answer.code != 1 or "inspected" not in answer.output:
            raise ValueError(f"{deed.name}: the hub should have asked for an inspection: {answer.output}")

    async def _run(self, deed: WireFault, *words: str) -> None:
        answer = await self._desk.run(*words, str(self._stage.hub_config))
        if answer.code:
            raise ValueError(f"{deed.name}: {answer.output}")

    async def _act_on_alarm(self, deed: WireFault) -> None:
        """Let a person take or end the open alarm that the command centre sees. Raises ValueError if it sees none."""
        command = {"acknowledge": "ack", "close": "close"}[deed.act]
        words = ("alarm", command, await self._alarm_of(deed), "--actor", "Li Wei", "--note", deed.name)
        if deed.lift:
            await self._stage.run_hub(*words, str(self._stage.hub_config))
        else:
            await self._run(deed, *words)  # by the desk, in its turn with an inspection

    async def _alarm_of(self, deed: WireFault) -> str:
        """Return the id of the open alarm that somebody means, of a lift or of a site. Raises ValueError.

        Nobody acts on what the command centre does not see: a busy machine may tell it later than the story has it.
        """
        if not await until(lambda: bool(self._seen(deed)), SEEN_S):
            raise ValueError(f"{deed.name}: the command centre sees no open {deed.rule} of {deed.lift or 'a site'}")
        return self._seen(deed)[-1]

    def _seen(self, deed: WireFault) -> list[str]:
        subject = self._stage.play.scenario.subject(deed.lift) if deed.lift else SITE
        words = [word for word in self._stage.witness.open_alarms().values() if word.rule == deed.rule]
        return [word.id for word in words if word.subject == subject or (not deed.lift and SITE in word.subject)]
