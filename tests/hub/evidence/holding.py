"""An agent that hands out evidence on the loopback, and a hub whose alarms name it."""

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.evidence import PARTS
from device_profiles.shelf import Shelf
from edge_agent.evidence.challenges import Challenges
from edge_agent.evidence.server import EvidenceServer
from hub.alarms.transitions import Alarm, Kind, Reason, Transition
from hub.config import Settings, read_config
from hub.database import open_database
from hub.evidence.fetcher import key_file
from hub.evidence.worker import EvidenceWorker
from hub.journal.journal import Journal
from hub.twins.reader import agents, twins
from hub.twins.state import AgentState, Twin
from tests.hub.channels.listening import alarm, store
from tests.hub.made import AREA, T0_US

AGENT, DEVICE, KEY = f"{AREA}/chaoming-01", f"{AREA}/road-1-east", "k" * 64
CONTENTS = {"before": b"\xff\xd8 before", "after": b"\xff\xd8 after", "clip": b"RIFF clip"}
WAIT_S = 30.0


class Holding:
    """The agent: a real server over a real shelf, on a thread; it may be stopped and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self.shelf = Shelf(folder / "agent", max_bytes=10**7, max_age_us=10**15)
        self.words = {part: self.shelf.put(CONTENTS[part], now_us=T0_US) for part in PARTS}
        self.port = 0
        self.tls: ssl.SSLContext | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def start(self) -> "Holding":
        """Listen."""
        up = threading.Event()

        async def serve() -> None:
            challenges = Challenges(KEY.encode(), agent=AGENT)
            server = EvidenceServer(self.shelf, challenges, address=("127.0.0.1", self.port), tls=self.tls)
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            task = asyncio.create_task(server.run())
            await server.listening.wait()
            self.port = server.port
            up.set()
            await self._stop.wait()
            task.cancel()
            await asyncio.wait({task})

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()))
        self._thread.start()
        assert up.wait(WAIT_S)
        return self

    def stop(self) -> None:
        """End."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(WAIT_S)


class Hub:
    """The hub's data with one alarm that names evidence, without the rest of the hub."""

    def __init__(self, folder: Path, holding: Holding, *, config: str = "") -> None:
        file = folder / "hub.toml"
        file.write_text(f'hub = "xiacheng"\ndata = "data"\n[evidence]\n{config}\n', encoding="utf-8")
        self.file = file
        self.settings: Settings = read_config(file)
        self.settings.data.mkdir(exist_ok=True)
        self.engine: sa.Engine = open_database(self.settings.database)
        self.journal = Journal.open(self.settings.journal)
        self.crashes: list[str] = []
        key = key_file(self.settings.folder / self.settings.config.evidence.keys, AGENT)
        key.parent.mkdir(exist_ok=True)
        key.write_text(KEY + "\n", encoding="utf-8")
        self.born(holding.url)

    def born(self, url: str) -> None:
        """Let the twins know where the agent hands out evidence."""
        with self.engine.begin() as connection:
            twin, state = Twin(DEVICE, agent=AGENT), AgentState(AGENT, evidence=url)
            put = sa.insert(twins).prefix_with("OR REPLACE")
            connection.execute(put.values(subject=DEVICE, body=msgspec.json.encode(twin)))
            put = sa.insert(agents).prefix_with("OR REPLACE")
            connection.execute(put.values(agent=AGENT, body=msgspec.json.encode(state)))

    def raise_alarm(self, words: dict[str, str], number: int = 1, **changes: object) -> Alarm:
        """Commit an alarm that names ``words``."""
        made = alarm(number, rule="road.collapse", evidence={DEVICE: words}, **changes)
        transition = Transition(number, 0, Kind.RAISED, Reason.KEYS_AGREE, T0_US, T0_US + number, made)
        store(self.engine, transition)
        return made

    @contextmanager
    def working(self) -> Iterator[EvidenceWorker]:
        """Let its worker run."""
        worker = EvidenceWorker(self.settings, self.engine, self.journal, clock=Clock(), on_crash=self.crashes.append)
        worker.start()
        try:
            yield worker
        finally:
            worker.stop()

    def close(self) -> None:
        """Let go of the files."""
        self.journal.close()
        self.engine.dispose()


def until(reached: object, timeout_s: float = WAIT_S) -> None:
    """Wait until something is so; a database and another thread tell nobody."""
    assert callable(reached)
    deadline = time.monotonic() + timeout_s
    while not reached():
        assert time.monotonic() < deadline, "not reached"
        time.sleep(0.02)
