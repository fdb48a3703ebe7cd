"""The cameras of an agent, as its config says."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from device_profiles.clock import Clock
from device_profiles.config import duration_s, size_bytes
from edge_agent.config import LoadedConfig
from edge_agent.evidence.begin import evidence_order
from edge_agent.judge.zone_limits import ZoneLimits, queue_limits_of, zone_limits_of
from edge_agent.sample import Sink
from edge_agent.sources.camera.config import CameraConfig
from edge_agent.sources.camera.messages import Order
from edge_agent.sources.camera.road import Road, hear_of
from edge_agent.sources.camera.source import CameraSource
from edge_agent.sources.camera.streams.address import with_secret

LEARNED = "cameras"  # folder of learned references, beside the outbox


def camera_sources(
    loaded: LoadedConfig, *, sink: Sink, clock: Clock, states: Mapping[str, bytes]
) -> list[CameraSource]:
    """Return a source for each camera; what they say of their lanes is told to the roads.

    ``states``: what the agent before this one stored, by device.
    """
    starts = asyncio.Semaphore(max(1, (os.cpu_count() or 1) // 2))  # the lift path keeps a processor
    limits = {road.device: queue_limits_of(loaded.profiles[road.profile]) for road in loaded.config.roads}
    roads = [
        Road(road, loaded.zones, sink=sink, limits=limits[road.device], stored=states.get(road.device))
        for road in loaded.config.roads
    ]
    return [
        CameraSource(
            order_of(camera, loaded),
            loaded.profiles[camera.profile].spec,
            sink=sink,
            clock=clock,
            hear=hear_of(roads, camera.device),
            starts=starts,
            states=states,
        )
        for camera in loaded.config.cameras
    ]


def order_of(camera: CameraConfig, loaded: LoadedConfig) -> Order:
    """Return what its worker is told."""
    folder = loaded.folder
    password = _first_line(folder / camera.password_file) if camera.password_file else ""
    zones = loaded.zones.get(camera.device)
    return Order(
        device=camera.device,
        url=with_secret(camera.address(folder), username=camera.username, password=password),
        interval_s=duration_s(camera.interval),
        loop=camera.loop,
        looks_hz=camera.looks,
        stall_s=duration_s(camera.stall),
        frozen_s=duration_s(camera.frozen),
        memory_bytes=size_bytes(camera.memory),
        zones=zones,
        limits=zone_limits_of(loaded.profiles[camera.zone_profile]) if zones else ZoneLimits(),
        model=camera.model if zones else "",
        models=str(camera.models_in(folder) or ""),
        evidence=evidence_order(loaded, zone_profile=camera.zone_profile),
        reference=str(folder / camera.reference) if camera.reference else "",
        learned=str((loaded.data / LEARNED / f"{camera.device}.png").resolve()),
    )


def _first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].strip()
