"""What the agent says of itself: its birth and state, and the will that the broker says for it."""

from device_profiles.clock import Clock
from device_profiles.command import installed_version
from device_profiles.link import Will
from device_profiles.topics import lane_topic
from device_profiles.wire import ClockState, Pack, Status, encode
from edge_agent.config import LoadedConfig
from edge_agent.outbox import Outbox


class Birth:
    """Makes the Status packs of this start."""

    def __init__(self, loaded: LoadedConfig, outbox: Outbox, *, clock: Clock) -> None:
        self._config = loaded.config
        self._devices = loaded.bindings
        self._digests = {kind: profile.digest for kind, profile in loaded.profiles.items()}
        for kind, profile in loaded.profiles.items():
            self._digests |= {f"{kind}.{dialect}": digest for dialect, digest in profile.added.items()}
        self._outbox = outbox
        self._clock = clock

    @property
    def clock_state(self) -> ClockState:
        """What this machine knows of its clock now."""
        return self._clock.state()

    def status(self, *, online: bool, counts: dict[str, int]) -> Status:
        """Return what the agent is and does now; ``counts`` are the uplink's own."""
        return Status(
            self._clock.wall_us(),
            self._outbox.epoch,
            online,
            version=installed_version(),
            devices=self._devices,
            profiles=self._digests,
            outbox=self._outbox.depths(),
            made=self._outbox.made(),
            counts=self._outbox.counts() | counts,
            evidence=self._config.evidence.offered,
        )

    def will(self) -> Will:
        """Return what the broker says when this session dies; it has no seq, for nobody numbers it."""
        now_us = self._clock.wall_us()
        status = Status(now_us, self._outbox.epoch, online=False)
        config, outbox = self._config, self._outbox
        pack = Pack(1, config.agent, outbox.epoch, "status", now_us, (status,), boot=outbox.boot)
        return Will(lane_topic(config.address, "status"), encode(pack))
