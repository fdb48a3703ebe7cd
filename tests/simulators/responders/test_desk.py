"""The desk runs whole commands, and says how each ended."""

import asyncio
import os

from simulators.responders.desk import Desk


def test_a_command_runs_with_its_exit_code_and_output() -> None:
    """What succeeds, what is refused and what does not exist answer as they do from a shell, one after the other."""

    async def ask() -> None:
        async with Desk(os.environ) as desk:
            answers = await asyncio.gather(desk.run("--help"), desk.run("check", "/nowhere/hub.toml"), desk.run("fly"))
            assert [answer.code for answer in answers] == [0, 2, 2]
            assert "Usage" in answers[0].output
            assert "/nowhere/hub.toml" in answers[1].output
            again = await desk.run("--help")
            assert again == answers[0]

    asyncio.run(ask())
