"""A camera by itself: it says where it is, writes its zones, and obeys what is typed."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from simulators.camera.alone import Offer, serve_alone
from simulators.camera.spec import CameraSpec


async def test_it_says_where_it_is_and_obeys(tmp_path: Path) -> None:
    """Two addresses, a zones file, a fault that hangs up, a word that it does not know."""
    hears, typed = os.pipe()
    said: asyncio.Queue[str] = asyncio.Queue()
    offer = Offer(CameraSpec("camera", sky="night"), zones=tmp_path / "zones.json")
    task = asyncio.create_task(serve_alone(offer, said.put_nowait, hear=hears))
    try:
        rtsp, mjpeg = [await asyncio.wait_for(said.get(), 30) for _ in range(2)]
        zones = json.loads((tmp_path / "zones.json").read_text(encoding="utf-8"))
        assert (zones["width"], zones["height"], len(zones["zones"])) == (640, 360, 5)
        assert rtsp.startswith("rtsp://127.0.0.1:")
        os.write(typed, b"drop\nnonsense\n")
        assert "nonsense" in await asyncio.wait_for(said.get(), 30)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", int(mjpeg.split(":")[2].split("/")[0]))
    finally:
        task.cancel()
        await asyncio.wait({task})
        os.close(hears)
        os.close(typed)
