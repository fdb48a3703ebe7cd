"""Orders, and a sink that can be waited on, for tests of the agent's side of a camera."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from edge_agent.sample import Sample
from edge_agent.sources.camera.messages import Order
from edge_agent.sources.camera.supervisor import Patience
from edge_agent.vision.zones import Zone, Zones

HEAD = """agent = "chaoming-01"
area = "hz/xiacheng/chaoming"
data = "data"

[broker]
url = "mqtt://127.0.0.1:1"
"""
CAMERA = """
[[cameras]]
device = "camera-1"
url = "rtsp://127.0.0.1:1/stream"
"""
HASTY = Patience(tick_s=0.2, hung_s=2.5, retry_base_s=0.05, retry_cap_s=0.1)
ZONES = Zones(400, 224, (Zone("1", "berth", ((50.0, 50.0), (120.0, 50.0), (120.0, 110.0), (50.0, 110.0))),))


def order(url: str | Path, *, memory_bytes: int = 600_000_000, zones: Zones | None = None) -> Order:
    """Return what a worker is told."""
    return Order(
        device="camera-1",
        url=str(url),
        interval_s=0.1,
        loop=True,
        looks_hz=10.0,
        stall_s=1.5,
        frozen_s=1.2,
        memory_bytes=memory_bytes,
        zones=zones,
        model="berth" if zones else "",
    )


class Heard:
    """Keeps what a sink was given."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self._changed = asyncio.Event()

    def __call__(self, sample: Sample) -> None:
        """Keep it."""
        self.samples.append(sample)
        self._changed.set()

    def kinds(self, device: str = "camera-1") -> list[str]:
        """Return the events of a device so far."""
        return [finding.kind for one in self.samples if one.device == device for finding in one.findings]

    async def until(self, holds: Callable[[], object]) -> None:
        """Return once it ``holds``."""
        async with asyncio.timeout(60):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def last(self, device: str = "camera-1") -> Sample:
        """Return the newest of a device."""
        return next(one for one in reversed(self.samples) if one.device == device)
