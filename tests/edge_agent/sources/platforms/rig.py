"""A feed with two lifts, a clock set by hand and a list for its samples; messages of the first dialect."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from device_profiles.clock import Clock
from device_profiles.profile import load_profiles
from edge_agent.sample import Sample
from edge_agent.sources.platforms.config import HttpPlatform, MqttPlatform, PlatformConfig
from edge_agent.sources.platforms.feed import Feed

ONE, TWO, STRANGER = "31103301002018000001", "31103301002018000002", "31103301002018999999"
DEVICES = {ONE: {"device": "lift-01", "asset": "LIFT-01"}, TWO: {"device": "lift-02"}}
START_US = 1_763_600_000_000_000


class HandClock(Clock):
    """City time set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.now_us = START_US
        self.set_us = 0  # by so much somebody has set it

    def wall_us(self) -> int:
        """Return it."""
        return self.now_us

    def monotonic_s(self) -> float:
        """Return the seconds that have passed, however it was set."""
        return (self.now_us - self.set_us) / 1e6

    def set(self, step_us: int) -> None:
        """Set the clock."""
        self.now_us += step_us
        self.set_us += step_us


class Rig:
    """A feed and what it handed over."""

    def __init__(self, platform: PlatformConfig) -> None:
        self.clock = HandClock()
        self.samples: list[Sample] = []
        self.came = asyncio.Event()
        self.feed = Feed(platform, load_profiles(), sink=self._sink, clock=self.clock)
        self.stored = True

    async def safe(self) -> bool:
        """Stand for the outbox."""
        return self.stored

    def of(self, device: str) -> list[Sample]:
        """Return the samples of a device."""
        return [sample for sample in self.samples if sample.device == device]

    def refusals(self) -> list[tuple[str, int]]:
        """Return (reason, count) of each event about refusals."""
        return [(f.data["reason"], f.data["count"]) for s in self.of("platform-1") for f in s.findings]

    def message(self, code: str = ONE, ago_s: float = 0.0, **changes: Any) -> dict[str, Any]:
        """Return a good message of dialect code11, with ``changes``."""
        said = {
            "registerCode": code, "ts": round(self.clock.now_us / 1000 - ago_s * 1000), "carStatus": 0, "doorZone": 0,
            "doorStatus": 1, "passengerStatus": 1, "alarmButton": 0, "serviceMode": 1, "carDirection": 0,
            "carPosition": 7, "faultCode": 1, "totalRunningTime": 4012, "tripCount": 88_123,
        }  # fmt: skip
        return said | changes

    def _sink(self, sample: Sample) -> None:
        self.samples.append(sample)
        self.came.set()


def http(**changes: Any) -> HttpPlatform:
    """Return a platform that posts to us."""
    base = {"kind": "http", "name": "platform-1", "dialect": "code11", "listen": "127.0.0.1:0", "devices": DEVICES}
    return msgspec.convert(base | {"path": "/lifts"} | changes, HttpPlatform)


def mqtt(url: str, **changes: Any) -> MqttPlatform:
    """Return a platform with a broker."""
    base = {"kind": "mqtt", "name": "platform-1", "dialect": "code11", "broker": {"url": url}, "topic": "lifts/+"}
    return msgspec.convert(base | {"devices": DEVICES} | changes, MqttPlatform)


def body(document: Any) -> bytes:
    """Return it as JSON."""
    return msgspec.json.encode(document)


def config(folder: Path, platforms: str, *, url: str = "mqtt://127.0.0.1:1883") -> Path:
    """Write an agent's config that has nothing but platforms; return its path."""
    path = folder / "agent.toml"
    head = 'agent = "chaoming-01"\narea = "hz/xiacheng/chaoming"\ndata = "data"\n'
    path.write_text(f'{head}\n[broker]\nurl = "{url}"\n\n{platforms}', encoding="utf-8")
    return path
