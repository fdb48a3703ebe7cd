"""One camera, watched: each picture, and each wait without one, becomes a report."""

import logging
from typing import Any, Protocol

import msgspec

from device_profiles.clock import Clock
from device_profiles.wire import Value
from edge_agent.sources.camera.integrity.integrity import Integrity, Verdict
from edge_agent.sources.camera.messages import Health, Report, ZoneWord
from edge_agent.sources.camera.streams.drain import Flow
from edge_agent.sources.camera.streams.frame import Frame, Image
from edge_agent.sources.camera.streams.trouble import Stream, Trouble

logger = logging.getLogger(__name__)

FIRST_S = 6.0  # real; a stream that was just opened has so long for its first picture before it counts as stalled
FLOW = 3  # pictures in time end a stall
HELD_S = 1.0  # between two turns of the worker; after more it was held up, and the camera is not to blame
RATE_S = 2.0  # rates are means over about so long


class ZoneEyes(Protocol):
    """Whoever sees the zones."""

    def prepare(self, image: Image, t_us: int) -> Any:
        """Return what a look at a picture needs; beside a look at the one before."""

    def seen(self, image: Image, t_us: int, *, prepared: Any = None) -> tuple[ZoneWord, ...]:
        """Judge a picture that can be believed."""

    def doubted(self, t_us: int) -> tuple[ZoneWord, ...]:
        """Take note of a picture that may have to be doubted."""

    def unseen(self, t_us: int, *, reason: str) -> tuple[ZoneWord, ...]:
        """Take note that nothing can be seen."""


class Doubted(msgspec.Struct, frozen=True):
    """A picture that was doubted beside the model."""

    verdict: Verdict
    eyes: Any  # what they prepared; None when they are not to look


class Watching:
    """Runs in the worker's loop, but for ``prepare``. Stalls are timed in real seconds, facts in city time."""

    def __init__(
        self,
        integrity: Integrity,
        flow: Flow,
        *,
        stall_s: float,
        clock: Clock,
        eyes: ZoneEyes | None = None,
        judged_by: str = "",
    ) -> None:
        self._integrity = integrity
        self._flow = flow
        self._stall_s = stall_s
        self._eyes = eyes
        self._judged_by = judged_by
        self._clock = clock
        self._verdict: Verdict | None = None
        self._began_s = clock.real_s()
        self._last_s: float | None = None  # of the last picture
        self._turned_s = self._began_s  # when it was its turn last
        self._held_s = 0.0  # it was held up for so long, and pictures have not come in time since
        self._in_time = FLOW  # pictures in a row that came in time; a single one now and then is no stream
        self._size: tuple[int, int] | None = None
        self._looks = Rate()
        self._grabs = Rate()

    def prepare(self, frame: Frame) -> Frame:
        """Doubt a picture, and cut out what is worth a look; on the drain's thread, one picture after the other."""
        verdict = self._integrity.take(frame.image, frame.real_s, anew=frame.anew, key=frame.key)
        looks = self._eyes is not None and not (verdict.doubted or verdict.suspected)
        made = self._eyes.prepare(frame.image, frame.t_us) if looks and self._eyes else None
        return msgspec.structs.replace(frame, prepared=Doubted(verdict, made))

    def look(self, frame: Frame) -> Report:
        """Take in a picture, a prepared one or any other."""
        self._turn()
        frame = frame if frame.prepared is not None else self.prepare(frame)
        late = self._last_s is not None and frame.real_s - self._last_s >= self._stall_s
        self._in_time = 1 if late else self._in_time + 1
        self._held_s = 0.0 if self._in_time > FLOW else self._held_s
        self._last_s = frame.real_s
        self._size = (frame.image.shape[1], frame.image.shape[0])
        self._looks.take(1, frame.real_s)
        self._verdict = frame.prepared.verdict
        zones = self._zones(frame)
        return self._report(frame.t_us, zones)

    def wait(self) -> Report:
        """Take in that no picture has come since the last call."""
        self._turn()
        now_us = self._clock.wall_us()
        zones = self._eyes.unseen(now_us, reason=Trouble.STALLED) if self._eyes and self._stalled() else ()
        return self._report(now_us, zones)

    def _turn(self) -> None:
        """Notice that the worker was held up, by a machine that is busy or a hand that stopped it."""
        passed_s, self._turned_s = self._clock.real_s() - self._turned_s, self._clock.real_s()
        if passed_s >= HELD_S:
            self._held_s = max(passed_s, self._held_s)

    def _zones(self, frame: Frame) -> tuple[ZoneWord, ...]:
        if self._eyes is None or self._verdict is None:
            return ()
        if self._in_time < FLOW:
            return self._eyes.unseen(frame.t_us, reason=Trouble.STALLED)
        if self._verdict.doubted:
            worst = next(one for one, holds in self._verdict.states.items() if holds)
            return self._eyes.unseen(frame.t_us, reason=worst)
        if self._verdict.suspected:
            return self._eyes.doubted(frame.t_us)
        return self._eyes.seen(frame.image, frame.t_us, prepared=frame.prepared.eyes)

    def _report(self, t_us: int, zones: tuple[ZoneWord, ...]) -> Report:
        stalled = self._stalled()
        troubles: dict[Trouble, bool | None] = {Trouble.STALLED: stalled}
        data: dict[Trouble, dict[str, Any]] = {Trouble.STALLED: self._why()}
        if self._verdict is not None:
            troubles |= self._verdict.states if not stalled else dict.fromkeys(self._verdict.states)
            data |= self._verdict.data
        seeing = None if stalled is None else not any(troubles.values())
        stream = self._flow.stream
        return Report(t_us, Health(seeing, stream, self._flow.detail, troubles, data, self._counts()), zones)

    def _stalled(self) -> bool | None:
        """Return whether no picture comes; None at the beginning."""
        now_s = self._clock.real_s()
        if self._last_s is not None:
            return self._in_time < FLOW or now_s - self._last_s >= self._stall_s
        known_bad = self._flow.stream not in (Stream.LIVE, Stream.CONNECTING)
        return True if known_bad or now_s - self._began_s >= FIRST_S else None

    def _why(self) -> dict[str, Any]:
        live = self._flow.stream is Stream.LIVE
        if live and self._held_s:
            detail = f"this machine held the worker up for {self._held_s:.1f} s"
            return {"reason": Stream.WORKER.value, "detail": detail}
        return {"reason": Stream.TIMEOUT.value if live else self._flow.stream.value, "detail": self._flow.detail[:200]}

    def _counts(self) -> dict[str, Value]:
        now_s = self._clock.real_s()
        self._grabs.total(self._flow.grabbed, now_s)
        width, height = self._size or (None, None)
        return {
            "fps": self._grabs.per_s(now_s),
            "looks": self._looks.per_s(now_s),
            "width": width,
            "height": height,
            "broken": self._flow.broken,
            "reconnects": self._flow.reconnects,
            "judged_by": self._judged_by or None,
        }


class Rate:
    """How often something happens, over about RATE_S."""

    def __init__(self) -> None:
        self._count = 0
        self._total = 0
        self._since_s: float | None = None
        self._per_s: float | None = None  # not known yet

    def take(self, count: int, now_s: float) -> None:
        """It happened so often."""
        self._roll(now_s)
        self._count += count

    def total(self, total: int, now_s: float) -> None:
        """It has happened so often since the start."""
        self.take(total - self._total, now_s)
        self._total = total

    def per_s(self, now_s: float) -> float | None:
        """Return it."""
        self._roll(now_s)
        return self._per_s

    def _roll(self, now_s: float) -> None:
        self._since_s = now_s if self._since_s is None else self._since_s
        if (passed_s := now_s - self._since_s) >= RATE_S:
            self._per_s, self._count, self._since_s = round(self._count / passed_s, 1), 0, now_s
