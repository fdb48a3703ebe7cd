"""What befalls the worker of a camera: it is found by its connection, whoever started it."""

import asyncio
import os
import signal
import socket
import sys

from simulators.run.workers import harm, worker_of
from simulators.stage.stage import until


async def test_a_worker_is_found_by_its_connection_and_killed() -> None:
    """It is a child of the agent, here of this process; nobody else's connection counts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert worker_of(os.getpid(), port=port) is None
        code = f"import socket, time; s = socket.create_connection(('127.0.0.1', {port})); time.sleep(60)"
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        assert await until(lambda: worker_of(os.getpid(), port=port) == child.pid, 30.0)
        assert harm("worker_kill", agent=os.getpid(), port=port)
        assert await child.wait() == -signal.SIGKILL
        assert not harm("worker_kill", agent=os.getpid(), port=port)
