"""Fetch one piece of evidence for somebody: verified, kept, and written into the journal, whatever came of it."""

import logging
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec

from device_profiles.config import duration_us, size_bytes
from device_profiles.errors import ConfigError
from device_profiles.evidence import read_key
from device_profiles.shelf import Shelf, TooLarge
from hub.config import Settings
from hub.evidence.client import EvidenceClient, FetchFailed
from hub.evidence.fetched import MAX_DETAIL, Fetched, FetchReason, fetched_row
from hub.evidence.wanted import Holder, Piece
from hub.journal.records import NewRecord
from hub.metrics import EVIDENCE_FETCHES

logger = logging.getLogger(__name__)

LEAVE_BYTES = 100_000_000  # of disk: the journal needs it more

Say = Callable[[NewRecord], None]


class Outcome(msgspec.Struct, frozen=True):
    """What came of it."""

    result: FetchReason
    detail: str = ""
    size: int = 0


class Fetcher:
    """Used by the hub's worker and by a person's command."""

    def __init__(self, settings: Settings, *, actor: str, say: Say, now_us: Callable[[], int]) -> None:
        """``say`` writes to the journal. Raises ConfigError."""
        config = settings.config.evidence
        self.shelf = hub_shelf(settings)
        self._client = EvidenceClient(ca_file=settings.folder / config.ca_file if config.ca_file else None)
        self._keys = settings.folder / config.keys
        self._actor = actor
        self._say = say
        self._now_us = now_us
        self._said: dict[Piece, FetchReason] = {}  # an agent that is away is said once, not at each try

    async def fetch(self, piece: Piece, holder: Holder, *, spare: Collection[str] = ()) -> Outcome:
        """Bring a piece here, and say what came of it."""
        try:
            if self.shelf.read(piece.digest) is not None:
                outcome = Outcome(FetchReason.PRESENT)
            else:
                outcome = await self._bring(piece, holder, spare)
        except FetchFailed as error:
            outcome = Outcome(error.reason, error.detail[:MAX_DETAIL])
        self._tell(piece, outcome)
        return outcome

    async def _bring(self, piece: Piece, holder: Holder, spare: Collection[str]) -> Outcome:
        if not holder.url:
            raise FetchFailed(FetchReason.NO_URL, f"the agent of {piece.device} hands out none")
        try:
            key = read_key(key_file(self._keys, holder.agent))
        except ConfigError as error:
            raise FetchFailed(FetchReason.NO_KEY, str(error)) from error
        content = await self._client.fetch(holder.url, piece.digest, agent=holder.agent, key=key)
        try:
            self.shelf.put(content, now_us=self._now_us(), spare=spare)
        except TooLarge as error:
            raise FetchFailed(FetchReason.TOO_LARGE, str(error)) from error
        except OSError as error:
            raise FetchFailed(FetchReason.NO_ROOM, f"{self.shelf.folder}: {error.strerror}") from error
        return Outcome(FetchReason.KEPT, size=len(content))

    def _tell(self, piece: Piece, outcome: Outcome) -> None:
        EVIDENCE_FETCHES.labels(outcome.result).inc()
        again = self._said.get(piece) is outcome.result and outcome.result is not FetchReason.MISMATCH
        if again:
            return
        if outcome.result is FetchReason.MISMATCH:
            logger.error("evidence of alarm %s is not what it is said to be: %s", piece.alarm, outcome.detail)
        named = (piece.alarm, piece.device, piece.part, piece.digest)
        said = Fetched(self._actor, *named, outcome.result, outcome.detail, outcome.size)
        self._say(fetched_row(said, now_us=self._now_us()))
        self._said[piece] = outcome.result


def hub_shelf(settings: Settings) -> Shelf:
    """Return the hub's shelf of evidence."""
    config = settings.config.evidence
    limits = {"max_bytes": size_bytes(config.max_bytes), "max_age_us": duration_us(config.max_age)}
    return Shelf(settings.evidence, **limits, leave_bytes=LEAVE_BYTES)


def key_file(folder: Path, agent: str) -> Path:
    """Return the file of an agent's key."""
    return folder / f"{agent.replace('/', '.')}.key"
