"""RTSP over TCP from the simulated camera: whole pictures, half ones, and a camera that hangs up."""

import asyncio
import time
from typing import Literal

import pytest

from edge_agent.sources.camera.streams.address import with_secret
from edge_agent.sources.camera.streams.capture import Capture
from edge_agent.sources.camera.streams.frame import BrokenPicture, NoPicture
from edge_agent.sources.camera.streams.trouble import Stream
from simulators.camera.serving.faults import Fault
from simulators.camera.serving.feed import Feed
from simulators.camera.serving.login import Login
from simulators.camera.serving.server import CameraServer
from tests.edge_agent.sources.camera.pictures import Street
from tests.edge_agent.sources.camera.streams.coder import H264


def _until_it_fails(capture: Capture) -> None:
    """Read on: what was under way is whole."""
    for _ in range(2_000):
        capture.grab()
        capture.picture()


def _until_it_is_lost(capture: Capture) -> Stream:
    while True:
        try:
            _until_it_fails(capture)
        except BrokenPicture:
            continue
        except NoPicture as error:
            return error.stream


async def test_whole_pictures_come_half_ones_are_broken_and_a_lost_stream_is_said() -> None:
    """FFMPEG conceals half a picture and calls it good; we do not."""
    street = Street()
    async with CameraServer(Feed(lambda _: street.picture(), fps=20.0, now_s=time.monotonic)) as server:
        capture = await asyncio.to_thread(lambda: Capture(server.rtsp_url, live=True))
        try:
            await asyncio.to_thread(capture.grab)
            assert capture.picture().shape == (224, 400, 3)
            await server.strike(Fault.HALF)
            with pytest.raises(BrokenPicture):
                await asyncio.to_thread(_until_it_fails, capture)
            await server.strike(None)
            await server.strike(Fault.DROP)
            assert await asyncio.to_thread(_until_it_is_lost, capture) is Stream.TIMEOUT
        finally:
            await asyncio.to_thread(capture.close)
        with pytest.raises(NoPicture) as caught:
            await asyncio.to_thread(lambda: Capture(server.rtsp_url, live=True))
        assert caught.value.stream is Stream.REFUSED


@pytest.mark.parametrize("way", ["basic", "digest"])
async def test_h264_comes_to_who_has_the_password_and_to_nobody_else(way: Literal["basic", "digest"]) -> None:
    """Name and password may hold what an address cannot; without them, or with others, it is refused at once."""
    street = Street()
    feed = Feed(
        lambda _: street.picture(), fps=20.0, now_s=time.monotonic, coder=H264(fps=20, bit_rate=400_000, key_every=20)
    )
    login = Login("view/er", "p@ss: wörd", way)
    async with CameraServer(feed, login=login) as server:
        for password in ("", "wrong"):
            url = with_secret(server.rtsp_url, username="view/er" if password else "", password=password)
            with pytest.raises(NoPicture) as caught:
                await asyncio.to_thread(lambda url=url: Capture(url, live=True))
            assert caught.value.stream is Stream.REFUSED
        url = with_secret(server.rtsp_url, username=login.username, password=login.password)
        capture = await asyncio.to_thread(lambda: Capture(url, live=True))
        try:
            keys = [await asyncio.to_thread(_next, capture) for _ in range(25)]
            assert {True, False} == set(keys)  # it builds on earlier pictures, now and then on none
        finally:
            await asyncio.to_thread(capture.close)


def _next(capture: Capture) -> bool:
    """Return whether the next picture is a key frame."""
    capture.grab()
    assert capture.picture().shape == (224, 400, 3)
    return capture.key
