"""The cameras of a stage: an agent accepts what it is told of them, a program serves them."""

import asyncio
import json
import os
import urllib.request
from pathlib import Path

import cv2
import numpy as np

from device_profiles.clock import Clock
from edge_agent.config import load_config
from simulators.play.loading import load_scenarios
from simulators.play.play import scenes_of
from simulators.play.scenario import Scenario
from simulators.stage.cameras import CameraCity
from simulators.stage.stage import until


def _city(scenario: Scenario, folder: Path) -> CameraCity:
    root = str(Path(__file__).parents[3])
    environment = os.environ | {"PYTHONPATH": root} | Clock().environment()
    return CameraCity(scenario, scenes_of(scenario, seed=1), folder, environment, seed=1)


async def test_the_program_serves_what_the_agents_config_names(tmp_path: Path) -> None:
    """Zones and addresses are those that an agent accepts; a picture comes; a fault reaches the camera."""
    scenario = load_scenarios()["hospital-queue"]
    async with _city(scenario, tmp_path) as city:
        text = f'agent = "a"\narea = "hz/x/c"\ndata = "data"\n{city.toml()}'
        (tmp_path / "agent.toml").write_text(text, encoding="utf-8")
        config = load_config(tmp_path / "agent.toml")
        assert [camera.device for camera in config.config.cameras] == ["road-1", "road-2", "road-3"]
        assert "hospital-road" in [binding.device for binding in config.bindings]
        plan = json.loads((tmp_path / "cameras" / "plan.json").read_text(encoding="utf-8"))
        port = plan["cameras"][0]["http_port"]
        assert (await asyncio.to_thread(_picture, port)).mean() > 30
        city.strike("road-1", "camera_black")
        assert await until(lambda: _picture(port).mean() < 10, 30.0)


def _picture(port: int) -> np.ndarray:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/snapshot.jpg", timeout=30) as reply:
        return np.asarray(cv2.imdecode(np.frombuffer(reply.read(), np.uint8), cv2.IMREAD_COLOR))
