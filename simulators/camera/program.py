"""The cameras of a stage as a program of their own: it draws and serves them, and is told what goes wrong."""

import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import cv2
import msgspec

from device_profiles.clock import Clock, clock_from_environment
from simulators.camera.drawing.renderer import Renderer
from simulators.camera.plan import Plan, Word
from simulators.camera.scene.weather import SKIES
from simulators.camera.serving.feed import Feed
from simulators.camera.serving.server import CameraServer
from simulators.camera.spec import ground_of, lens_of, lot_of, scene_of

logger = logging.getLogger(__name__)

_SLOWLY = 100.0  # before the story begins so much slower does the world go: no picture repeats


class Story:
    """The time of the story: it stands almost still until it begins."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begin_us: int | None = None
        self._born_s = clock.real_s()

    def begin(self, t_us: int) -> None:
        """Let it begin."""
        self._begin_us = t_us

    def now_s(self) -> float:
        """Return city seconds since it began; a little below 0 before."""
        if self._begin_us is None:
            return min(-0.001, (self._clock.real_s() - self._born_s) / _SLOWLY - 1.0)
        return (self._clock.wall_us() - self._begin_us) / 1e6


async def serve(plan: Plan, clock: Clock) -> None:
    """Serve every camera until cancelled."""
    story = Story(clock)
    views = max((task.spec.view for task in plan.cameras), default=1)
    async with AsyncExitStack() as stack:
        servers: dict[str, CameraServer] = {}
        renderers: dict[str, Renderer] = {}
        for number, task in enumerate(plan.cameras):
            scene = scene_of(task.spec, seed=plan.seed, duration_s=plan.duration_s, views=views)
            ground, sky = ground_of(task.spec, scene), SKIES[task.spec.sky]
            renderer = Renderer(scene, lens_of(task.spec), sky=sky, seed=plan.seed * 100 + number, ground=ground)
            renderers[task.spec.device] = renderer
            frame = renderer.frame
            if scene.kind == "lot":
                frame = lot_of(task.spec, seed=plan.seed, duration_s=plan.duration_s).frame
            feed = Feed(frame, fps=task.spec.fps, now_s=story.now_s)
            server = CameraServer(feed, rtsp_port=task.rtsp_port, http_port=task.http_port)
            servers[task.spec.device] = await stack.enter_async_context(server)

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async for line in reader:
                word = msgspec.json.decode(line, type=Word)
                if word.begin_us is not None:
                    story.begin(word.begin_us)
                if word.happening is not None:
                    renderers[word.camera].happen(word.happening)
                    logger.info("%s: %s", word.camera, word.happening)
                elif word.camera:
                    await servers[word.camera].strike(word.fault)
                    logger.info("%s: %s", word.camera, word.fault or "well")
            writer.close()

        control = await asyncio.start_server(listen, "127.0.0.1", plan.control_port)
        stack.push_async_callback(control.wait_closed)
        stack.callback(control.close)
        logger.info("cameras: ready")
        await asyncio.Event().wait()


async def main(plan: Plan) -> None:
    """Serve what a plan says until SIGTERM."""
    task = asyncio.create_task(serve(plan, clock_from_environment()))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    cv2.setNumThreads(1)
    asyncio.run(main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Plan)))
