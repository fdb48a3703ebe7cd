"""The process of one camera: it reads its order from stdin, says reports on stdout, and dies with the agent."""

import ctypes
import logging
import os
import resource
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import cv2

from device_profiles.clock import Clock, clock_from_environment
from edge_agent.evidence.evidence import Evidence
from edge_agent.sources.camera.integrity.integrity import Integrity
from edge_agent.sources.camera.messages import Order, Report, decode_order, encode_report
from edge_agent.sources.camera.streams.address import Way, way_of
from edge_agent.sources.camera.streams.capture import Capture
from edge_agent.sources.camera.streams.drain import Drain, Flow
from edge_agent.sources.camera.streams.frame import Frame, Grabber
from edge_agent.sources.camera.streams.mjpeg import MjpegStream
from edge_agent.sources.camera.streams.stills import Place, Stills
from edge_agent.sources.camera.worker.eyes import open_eyes
from edge_agent.sources.camera.worker.reference import Reference
from edge_agent.sources.camera.worker.watching import Watching

logger = logging.getLogger(__name__)

BEAT_S = 0.4  # real; a report at least so often
SWITCH_S = 0.0005  # the model waits no longer than this for the thread that prepares the next picture
HEADROOM = 2  # times the memory ceiling: beyond it the system refuses; below it the agent watches and kills
OOM_SCORE = "800"  # of 1000: when the machine has no memory left, a camera goes before the agent
NO_MEMORY = 77  # exit code
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run until stdin ends. The order is its first line."""
    say = _own_stdout()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    _die_with_parent()
    order = decode_order(sys.stdin.buffer.readline())
    _step_back(order.memory_bytes)
    threading.Thread(target=_end_with_stdin, name="stdin", daemon=True).start()
    try:
        run(order, say, clock=clock_from_environment())
    except MemoryError:
        os._exit(NO_MEMORY)


def run(order: Order, say: BinaryIO, *, clock: Clock) -> None:
    """Watch the camera for ever; returns when nobody listens any more."""
    cv2.setNumThreads(1)
    size = (order.zones.width, order.zones.height) if order.zones else None
    reference = Reference(given=order.reference, learned=order.learned)
    integrity = Integrity(size=size, reference=reference.bands(), frozen_s=order.frozen_s)
    period_s = 1.0 / order.looks_hz
    stall_s = max(order.stall_s, 1.5 * period_s)
    eyes, judged_by = None, ""
    if order.zones is not None:
        evidence = Evidence(order.evidence, clock=clock)
        eyes, judged_by = open_eyes(order, order.zones, clock=clock, evidence=evidence)
    flow = Flow()
    watching = Watching(integrity, flow, stall_s=stall_s, eyes=eyes, judged_by=judged_by, clock=clock)

    def prepare(frame: Frame) -> Frame:
        made = watching.prepare(frame)
        reference.keep(integrity)
        return made

    place = Place()
    drain = Drain(lambda: _open(order, place), clock=clock, prepare=prepare, flow=flow)
    drain.start()
    try:
        watch(drain, watching, say, period_s=period_s)
        sys.exit("the thread that reads the camera died")
    except BrokenPipeError:
        drain.stop()


def watch(drain: Drain, watching: Watching, say: BinaryIO, *, period_s: float) -> None:
    """Look at a picture every ``period_s`` and say what it shows; returns when the drain has died."""
    sys.setswitchinterval(SWITCH_S)
    due_s = Clock.real_s()
    look_s = 0.0  # how long the last look took
    while drain.alive:
        frame = drain.take(BEAT_S) if Clock.real_s() >= due_s else None
        if frame is not None:
            began_s = Clock.real_s()
            due_s = max(due_s + period_s, began_s)
            if began_s + look_s >= due_s:  # it will not be over in time: the next picture is prepared beside it
                drain.want()
            _say(say, watching.look(frame))
            look_s = Clock.real_s() - began_s
        else:
            _say(say, watching.wait())
        if (rest_s := due_s - Clock.real_s()) > 0:  # to sleep for no time lets go of the interpreter all the same
            time.sleep(min(BEAT_S, rest_s))


def _open(order: Order, place: Place) -> Grabber:
    match way_of(order.url):
        case Way.RTSP:
            return Capture(order.url, live=True)
        case Way.MJPEG:
            return MjpegStream(order.url)
        case Way.VIDEO:
            return Capture(order.url, live=False, loop=order.loop)
        case Way.STILLS:
            return Stills(Path(order.url), interval_s=order.interval_s, loop=order.loop, place=place)


def _say(say: BinaryIO, report: Report) -> None:
    say.write(encode_report(report))
    say.flush()


def _own_stdout() -> BinaryIO:
    """Take stdout away from libraries that print."""
    mine = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(mine, "wb")


def _die_with_parent() -> None:
    """Ask the kernel for it (Linux); elsewhere the end of stdin does it."""
    parent = os.getppid()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died meanwhile
        os._exit(0)


def _step_back(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (HEADROOM * memory_bytes, HEADROOM * memory_bytes))
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(OOM_SCORE, encoding="ascii")


def _end_with_stdin() -> None:
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(0)
