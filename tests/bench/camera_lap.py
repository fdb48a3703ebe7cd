"""A camera's worker at full rate, and its parts alone, on one session: laps that the bench of cameras asks for."""

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

import cv2
import msgspec

from device_profiles.clock import Clock
from edge_agent.infer.model import load_model
from edge_agent.sources.camera.integrity.integrity import Integrity
from edge_agent.sources.camera.streams.capture import Capture
from edge_agent.sources.camera.streams.drain import Drain, Flow
from edge_agent.sources.camera.streams.frame import Frame, Grabber, Image
from edge_agent.sources.camera.worker.eyes import Eyes
from edge_agent.sources.camera.worker.watching import Watching
from edge_agent.sources.camera.worker.worker import watch
from edge_agent.vision.looker import Chosen, Looker, polygons_of
from edge_agent.vision.scoring import AT_ONCE, PatchScorer
from tests.bench import film

WARM_S = 0.2  # before a lap counts
EVERY_LOOK_S = 1e-6  # as fast as it can


class Counted(Looker):
    """A looker that looks at every zone of every picture, and counts."""

    scored = 0  # zones

    def look(self, frame: Image, *, t_us: int | None = None, chosen: Chosen | None = None) -> dict[str, float | None]:
        """Count what the model has looked at."""
        told = super().look(frame, t_us=t_us, chosen=chosen)
        self.scored += len(chosen.which if chosen else self.ids)
        return told


class Reel:
    """Frames in memory, again and again."""

    key = True

    def __init__(self, pictures: Sequence[Image]) -> None:
        self.anew = False
        self._pictures = pictures
        self._at = -1

    def grab(self) -> None:
        """Go on to the next one."""
        self._at = (self._at + 1) % len(self._pictures)
        self.anew = self._at == 0

    def picture(self) -> Image:
        """Return it, not a copy."""
        return self._pictures[self._at]

    def close(self) -> None:
        """Nothing is held."""


class OnDemand:
    """A grabber that grabs only what is wanted: one picture is decoded for each that is looked at."""

    def __init__(self, grabber: Grabber, drain: Drain) -> None:
        self._grabber, self._drain = grabber, drain

    @property
    def anew(self) -> bool:
        """Whether the recording began again."""
        return self._grabber.anew

    @property
    def key(self) -> bool:
        """Whether a key frame came."""
        return self._grabber.key

    def grab(self) -> None:
        """Wait until one is wanted."""
        self._drain.wanted.wait(1.0)
        self._grabber.grab()

    def picture(self) -> Image:
        """Return it."""
        return self._grabber.picture()

    def close(self) -> None:
        """Let go."""
        self._grabber.close()


class Until:
    """Where reports go; nobody listens any more when the time is up."""

    def __init__(self, end_s: float) -> None:
        self._end_s = end_s

    def write(self, report: bytes) -> int:
        """Take it."""
        if time.monotonic() >= self._end_s:
            raise BrokenPipeError
        return len(report)

    def flush(self) -> None:
        """It is gone already."""


class Rig:
    """One session, and all that stands round it in a worker."""

    def __init__(self, path: Path, pictures: Sequence[Image], *, seconds: float) -> None:
        cv2.setNumThreads(1)
        self._path, self._pictures, self._seconds = path, pictures, seconds
        self._zones = film.grid()
        self._model = load_model("berth")
        scorer = PatchScorer(self._model, polygons_of(self._zones))
        self._looker = Counted(self._zones, scorer, recheck_s=0.0)
        self._batch = scorer.prepare(pictures[0], range(film.BERTHS)).copy()

    def in_memory(self) -> float:
        """Return pictures a second of the worker whose frames are in memory."""
        return self._work(lambda: Reel(self._pictures))

    def decoding(self) -> float:
        """Return pictures a second of the worker that decodes H.264."""
        return self._work(self._capture)

    def bare(self) -> float:
        """Return pictures a second of ``session.run`` alone: the same session, the same patches, as many at once."""
        session, name = self._model._session, self._model.entry.input.name
        runs = [{name: self._batch[low : low + AT_ONCE]} for low in range(0, film.BERTHS, AT_ONCE)]
        return self._often(lambda: [session.run(None, run) for run in runs])

    def parts(self) -> float:
        """Return pictures a second of what must be done to each, on one thread: decode, prepare, ``session.run``.

        One after the other on the same picture, so that each finds the caches as the others leave them.
        """
        capture, watching = self._capture(), self._watching(Flow())

        def one() -> None:
            capture.grab()
            picture = capture.picture()
            frame = Frame(Clock().wall_us(), Clock.real_s(), picture, capture.anew, capture.key)
            self._run(watching.prepare(frame).prepared.eyes)

        try:
            return self._often(one)
        finally:
            capture.close()

    def _run(self, chosen: Chosen | None) -> None:
        if chosen is None or len(chosen.which) != film.BERTHS:
            raise RuntimeError("a picture was doubted: the bench would measure something easier")
        session, name = self._model._session, self._model.entry.input.name
        for low in range(0, film.BERTHS, AT_ONCE):
            session.run(None, {name: chosen.prepared[low : low + AT_ONCE]})

    def _capture(self) -> Capture:
        """Return the film; it is not played at its own rate, but as fast as it is asked for."""
        capture = Capture(str(self._path), live=False, loop=True)
        capture._period_s = 0.0
        return capture

    def _watching(self, flow: Flow) -> Watching:
        clock = Clock()
        eyes = Eyes(self._zones, self._looker, clock=clock)
        return Watching(Integrity(), flow, stall_s=1.5, eyes=eyes, judged_by="berth", clock=clock)

    def _work(self, opened: Callable[[], Grabber]) -> float:
        """Return full pictures a second that went through the worker's own loop to the model and the judges."""
        flow = Flow()
        watching = self._watching(flow)
        drain = Drain(lambda: OnDemand(opened(), drain), clock=Clock(), prepare=watching.prepare, flow=flow)
        drain.start()
        try:
            self._watch(drain, watching, WARM_S)
            before, began_s = self._looker.scored, time.perf_counter()
            self._watch(drain, watching, self._seconds)
            return (self._looker.scored - before) / film.BERTHS / (time.perf_counter() - began_s)
        finally:
            drain.stop()

    def _watch(self, drain: Drain, watching: Watching, seconds: float) -> None:
        with suppress(BrokenPipeError):
            watch(drain, watching, cast(BinaryIO, Until(time.monotonic() + seconds)), period_s=EVERY_LOOK_S)

    def _often(self, work: Callable[[], object]) -> float:
        end_s = time.perf_counter() + WARM_S
        while time.perf_counter() < end_s:
            work()
        count, began_s = 0, time.perf_counter()
        while (now_s := time.perf_counter()) < began_s + self._seconds:
            work()
            count += 1
        return count / (now_s - began_s)


def main() -> None:
    """Do what each line of stdin asks for: the name of a lap; the answer is its pictures a second."""
    recipe = msgspec.json.decode(sys.argv[1], type=film.Recipe)
    rig = Rig(Path(recipe.film), film.frames(20), seconds=recipe.seconds)
    print("ready", flush=True)
    for line in sys.stdin:
        print(getattr(rig, line.strip())(), flush=True)


if __name__ == "__main__":
    main()
