"""The agent's side of evidence, as its config says: what is too old goes, and who has the key may fetch the rest."""

import asyncio
import logging
from collections.abc import Mapping

from device_profiles.clock import Clock
from device_profiles.config import duration_us, size_bytes
from device_profiles.evidence import Permit, read_key
from device_profiles.profile import Profile
from device_profiles.shelf import Shelf
from edge_agent.config import LoadedConfig
from edge_agent.evidence.challenges import Challenges
from edge_agent.evidence.order import EvidenceOrder
from edge_agent.evidence.server import EvidenceServer
from edge_agent.sources.camera.config import ZONE

logger = logging.getLogger(__name__)

SWEEP_S = 60.0  # city


class EvidenceKeeper:
    """``run`` sweeps and serves until cancelled; without cameras or a folder it does nothing."""

    def __init__(self, loaded: LoadedConfig, *, clock: Clock) -> None:
        config = loaded.config.evidence
        limits = {"max_bytes": size_bytes(config.max_bytes), "max_age_us": duration_us(config.max_age)}
        self._shelf = Shelf(loaded.data / (config.folder or "evidence"), **limits)
        self._clock = clock
        self._keeps = bool(config.folder and loaded.config.cameras)
        self.server: EvidenceServer | None = None
        if config.serves:
            challenges = Challenges(read_key(loaded.folder / config.key_file), agent=str(loaded.config.address))
            self.server = EvidenceServer(
                self._shelf, challenges, address=config.host_port, tls=config.tls(loaded.folder)
            )

    async def run(self) -> None:
        """Do so for ever."""
        async with asyncio.TaskGroup() as group:
            if self._keeps:
                group.create_task(self._sweep_loop(), name="sweep evidence")
            if self.server is not None:
                group.create_task(self.server.run(), name="serve evidence")

    async def _sweep_loop(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._shelf.sweep, now_us=self._clock.wall_us())
            except OSError as error:
                logger.error("evidence cannot be swept: %s", error.strerror)
            await self._clock.sleep(SWEEP_S)


def evidence_order(loaded: LoadedConfig, *, zone_profile: str = ZONE) -> EvidenceOrder:
    """Return what the worker of a camera with zones of this kind is told."""
    return loaded.config.evidence.order(loaded.data, permits=_permits(loaded.profiles, zone_profile))


def _permits(profiles: Mapping[str, Profile], kind: str) -> dict[str, Permit]:
    profile = profiles.get(kind)
    return {kind: event.evidence for kind, event in profile.spec.events.items()} if profile is not None else {}
