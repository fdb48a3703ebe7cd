"""Fetch by itself what life alarms name: on a thread of its own, so that no alarm ever waits for a picture."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby

import sqlalchemy as sa

from device_profiles.clock import Clock
from device_profiles.config import duration_us
from hub.alarms.transitions import Transition
from hub.channels.breaker import Breaker
from hub.channels.deliveries import move_delivered, read_delivered
from hub.config import Settings
from hub.database import reading
from hub.errors import JournalFull
from hub.evidence.fetched import HERE, FetchReason, read_fetches
from hub.evidence.fetcher import Fetcher
from hub.evidence.table import (
    Want,
    WantedState,
    counts,
    forget_settled,
    last_noted,
    last_place,
    life_transitions,
    note_fetches,
    settle,
    want,
    wants,
)
from hub.evidence.wanted import Holder, holder_of, open_digests
from hub.journal.journal import Journal
from hub.journal.records import NewRecord
from hub.periodic import Periodic

logger = logging.getLogger(__name__)

PERIOD_S = 5.0  # real; at once when an alarm is raised
SWEEP_S = 600.0  # real
CAP_S = 300.0  # real; the longest pause before an agent is asked again
AT_ONCE = 4  # agents
MISMATCHES = 3  # of one piece: then it is given up
_PLACE = "evidence:"  # no receiver is called so
_FINAL = (FetchReason.GONE, FetchReason.TOO_LARGE)


class EvidenceWorker:
    """One thread. With ``fetch = "never"`` it fetches nothing, and still keeps the audit and the folder's bounds."""

    def __init__(
        self, settings: Settings, engine: sa.Engine, journal: Journal, *, clock: Clock, on_crash: Callable[[str], None]
    ) -> None:
        """Raises ConfigError."""
        self._settings = settings
        self._config = settings.config.evidence
        self._engine = engine
        self._journal = journal
        self._clock = clock
        self._fetcher = Fetcher(settings, actor=f"hub:{settings.config.hub}", say=self._say, now_us=clock.wall_us)
        self._breakers: dict[str, Breaker] = {}  # by agent
        self._due_s: dict[str, float] = {}  # by agent: not before
        self._swept_s: float | None = None
        self._waits = False  # for a disk with room
        self._periodic = Periodic("evidence", self._turn, period_s=PERIOD_S, at_once=True, on_crash=on_crash)

    def start(self) -> None:
        """Begin."""
        self._periodic.start()

    def stop(self) -> None:
        """End; what is on its way is fetched after the next start."""
        self._periodic.stop()

    def on_transitions(self, made: Sequence[Transition]) -> None:
        """Hear of transitions that were just committed; never waits."""
        if any(transition.alarm.severity == "life" for transition in made):
            self._periodic.wake()

    def counts(self) -> dict[tuple[str, str], int]:
        """Return (state, reason) → pieces that the worker was to fetch. From any thread."""
        with reading(self._engine).connect() as connection:
            return counts(connection)

    def held_bytes(self) -> int:
        """Return what is kept. From any thread."""
        return sum(each.size for each in self._fetcher.shelf.kept())

    def _say(self, row: NewRecord) -> None:
        self._journal.append([row])

    def _turn(self) -> float | None:
        try:
            self._note()
            if self._config.fetch == "life":
                self._follow()
                self._fetch()
                self._note()
            self._sweep()
        except* (JournalFull, sqlite3.OperationalError, sa.exc.OperationalError, OSError) as errors:
            # a full disk: nothing is fetched that could not be audited. In groups, for agents are asked side by side
            logger.log(logging.DEBUG if self._waits else logging.ERROR, "evidence waits: %s", errors.exceptions[0])
            self._waits = True
        else:
            self._waits = False
        now_s = self._clock.real_s()
        return min([PERIOD_S, *(max(0.05, due_s - now_s) for due_s in self._due_s.values())])

    def _note(self) -> None:
        """Keep what the journal says of fetches, people's too."""
        with reading(self._engine).connect() as connection:
            after = last_noted(connection)
        found = list(read_fetches(self._journal, after))
        if found:
            with self._engine.begin() as connection:
                note_fetches(connection, found)

    def _follow(self) -> None:
        """Note what new transitions name."""
        after = read_delivered(reading(self._engine), _PLACE)
        with reading(self._engine).connect() as connection:
            upto = last_place(connection)
            made = life_transitions(connection, after, upto) if upto > after else []
        if made:
            with self._engine.begin() as connection:
                want(connection, made, now_us=self._clock.wall_us())
        if upto > after:
            move_delivered(self._engine, _PLACE, upto)

    def _fetch(self) -> None:
        """Fetch what is wanted of agents that may be asked again."""
        now_s = self._clock.real_s()
        with reading(self._engine).connect() as connection:
            found = [(holder_of(connection, each.piece.device), each) for each in wants(connection)]
        due = [each for each in found if self._due_s.get(each[0].agent, 0.0) <= now_s]
        if due:
            asyncio.run(self._until_stopped(sorted(due, key=lambda each: each[0].agent)))

    async def _until_stopped(self, due: Sequence[tuple[Holder, Want]]) -> None:
        """Fetch; a stop does not wait for it."""
        work = asyncio.create_task(self._fetch_all(due))
        while not work.done():
            await asyncio.wait({work}, timeout=0.2)
            if self._periodic.stopping.is_set():
                work.cancel()
        if not work.cancelled():
            work.result()

    async def _fetch_all(self, due: Sequence[tuple[Holder, Want]]) -> None:
        at_once = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for holder, found in groupby(due, key=lambda found: found[0]):
                group.create_task(self._fetch_of(holder, [each for _, each in found], at_once))

    async def _fetch_of(self, holder: Holder, due: Sequence[Want], at_once: asyncio.Semaphore) -> None:
        """Fetch what one agent has, piece by piece, until it fails."""
        breaker = self._breakers.setdefault(holder.agent, Breaker("other", cap_s=CAP_S))
        async with at_once:
            for each in due:
                if self._clock.real_s() < self._due_s.get(holder.agent, 0.0):
                    return
                result = (await self._fetcher.fetch(each.piece, holder, spare=self._spare())).result
                if result in HERE or result in _FINAL:
                    breaker.good()
                    self._due_s.pop(holder.agent, None)
                else:
                    self._due_s[holder.agent] = self._clock.real_s() + breaker.bad(self._clock.real_s())
                with self._engine.begin() as connection:
                    settle(connection, each.piece, self._state(each, result), result)

    def _state(self, each: Want, result: FetchReason) -> WantedState:
        if result in HERE:
            return WantedState.HERE
        late = self._clock.wall_us() - each.since_us > duration_us(self._config.give_up)
        if late or result in _FINAL or (result is FetchReason.MISMATCH and each.attempts + 1 >= MISMATCHES):
            logger.error("%s of alarm %s will not be fetched: %s", each.piece.part, each.piece.alarm, result)
            return WantedState.FAILED
        return WantedState.WANTED

    def _spare(self) -> set[str]:
        """Return the digests that open alarms name."""
        with reading(self._engine).connect() as connection:
            return open_digests(connection)

    def _sweep(self) -> None:
        now_s = self._clock.real_s()
        if self._swept_s is None or now_s - self._swept_s > SWEEP_S:
            self._swept_s = now_s
            now_us = self._clock.wall_us()
            self._fetcher.shelf.sweep(now_us=now_us, spare=self._spare())
            with self._engine.begin() as connection:
                forget_settled(connection, now_us - duration_us(self._config.max_age))
