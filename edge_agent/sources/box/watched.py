"""What one box has sent and its judge makes of it: pieces go in on the event loop, samples come out on a thread."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from device_profiles.profile import ProfileSpec
from device_profiles.wire import Value
from edge_agent.judge.finding import Finding
from edge_agent.judge.ride.ride import Told
from edge_agent.judge.ride.state import RideState
from edge_agent.sample import Sample
from edge_agent.sources.box.messages import Metres
from edge_agent.sources.box.quality import BELIEVED, Quality
from edge_agent.sources.box.stream import Counts, Piece

HELD_US = 30_000_000  # of signal that waits for the judge; when there is more the oldest goes, and that is told
SOUND_US = 10_000_000  # so long believed again before it is told: a box at a limit must not chatter
LINE_FAULT, LINE_SOUND = "box.line_fault", "box.line_sound"


class SignalJudge(Protocol):
    """What a `RideJudge` is to us."""

    def take_acceleration(
        self, t_us: Sequence[int], ax: NDArray[np.float64], ay: NDArray[np.float64], az: NDArray[np.float64]
    ) -> Told:
        """Take in a block."""

    def take_pressure(self, t_us: Sequence[int], pressure_pa: Sequence[float]) -> Told:
        """Take in pressures."""

    def take_time(self, now_us: int) -> Told:
        """Let time pass."""

    def shift(self, step_us: int) -> None:
        """Follow the agent's clock, which was set."""

    @property
    def state(self) -> RideState:
        """What is to be stored."""

    @property
    def values(self) -> Mapping[str, object]:
        """The values now."""


class WatchedBox:
    """One box. ``put`` is called on the event loop, the rest on the thread of the watch."""

    def __init__(self, device: str, spec: ProfileSpec, judge: SignalJudge, *, judged_by: str = "") -> None:
        self.device = device
        self.counts = Counts()  # written by the source, on the event loop
        self.overrun = 0  # pieces that were dropped because the judge was behind
        self._specs = spec.values
        self._judge = judge
        self._judged_by = judged_by
        self._lock = threading.Lock()
        self._waiting: deque[Piece] = deque()  # at most HELD_US of it
        self._overrun_told = 0
        self._t_us = 0  # of the last sample: readings of a device never go back
        self._pascal: float | None = None
        self._fault: Quality | None = None  # that was told
        self._sound_us: int | None = None  # since when it is believed again

    def __repr__(self) -> str:
        return f"box {self.device}"

    def put(self, piece: Piece) -> None:
        """Keep a piece for the next turn."""
        with self._lock:
            self._waiting.append(piece)
            while piece.t_us - self._waiting[0].t_us > HELD_US:
                self._waiting.popleft()
                self.overrun += 1

    def shift(self, step_us: int) -> None:
        """Follow the agent's clock, which was set; what waits is on the old clock and goes."""
        self._taken()
        self._judge.shift(step_us)
        self._t_us += step_us
        self._sound_us = None if self._sound_us is None else self._sound_us + step_us

    def turn(self, now_us: int) -> Sample | None:
        """Judge what has come; None when nothing has and nothing follows from that."""
        pieces = self._taken()
        told = [*self._signals(pieces), *([] if pieces else [self._judge.take_time(now_us)])]
        findings = tuple(finding for one in told for finding in one.findings)
        state = msgspec.json.encode(self._judge.state) if any(one.state_changed for one in told) else b""
        if not pieces:
            silent = Sample(self.device, now_us, failure="silent", findings=findings, state=state)
            return silent if findings or state else None
        quality = self._quality(pieces[-1].quality)
        self._t_us = max(self._t_us, pieces[-1].end_us)
        values = self._values(pieces, quality)
        return Sample(self.device, self._t_us, values, findings=(*findings, *self._line_words(quality)), state=state)

    def _taken(self) -> list[Piece]:
        with self._lock:
            pieces = list(self._waiting)
            self._waiting.clear()
        return pieces

    def _signals(self, pieces: Sequence[Piece]) -> list[Told]:
        told: list[Told] = []
        blocks = [(piece, piece.metres) for piece in pieces if piece.metres is not None]
        if blocks:
            times = np.concatenate([_times(piece, metres) for piece, metres in blocks])
            metres = np.concatenate([metres for _, metres in blocks]).astype(np.float64)
            told.append(self._judge.take_acceleration(times.tolist(), *metres.T))
        pressures = [(piece.t_us, piece.pascal) for piece in pieces if piece.pascal is not None]
        if pressures:
            told.append(self._judge.take_pressure([t_us for t_us, _ in pressures], [pa for _, pa in pressures]))
        return told

    def _quality(self, quality: Quality) -> Quality:
        behind = self.overrun > self._overrun_told
        self._overrun_told = self.overrun
        return Quality.BEHIND if behind and quality in BELIEVED else quality

    def _values(self, pieces: Sequence[Piece], quality: Quality) -> dict[str, Value]:
        believed = quality in BELIEVED
        judged = self._judge.values if believed else dict.fromkeys(self._judge.values)
        self._pascal = next((piece.pascal for piece in reversed(pieces) if piece.pascal is not None), self._pascal)
        values: dict[str, object] = {
            **judged,
            "trusted": believed,
            "judged_by": self._judged_by,
            "link_quality": quality.value,
            "vibration_mps2": _vibration([piece.metres for piece in pieces if piece.metres is not None]),
            "pressure_pa": self._pascal if believed else None,
            "frames_lost": self.counts.lost,
            "crc_errors": self.counts.crc_errors,
            "restarts": self.counts.restarts,
        }
        return {name: self._in_range(name, value) for name, value in values.items() if name in self._specs}

    def _in_range(self, name: str, value: object) -> Value:
        limits = self._specs[name].range
        if isinstance(value, float):
            value = round(value, 3) if np.isfinite(value) else None
        if limits is not None and isinstance(value, int | float) and not limits[0] <= value <= limits[1]:
            return None
        return value if isinstance(value, bool | int | float | str) else None

    def _line_words(self, quality: Quality) -> tuple[Finding, ...]:
        """Return the event of a quality that is not believed any more, or is again; a new box is no fault."""
        if quality in BELIEVED:
            self._sound_us = self._t_us if self._sound_us is None else self._sound_us
            if self._fault is None or self._t_us - self._sound_us < SOUND_US:
                return ()
            fault, self._fault = self._fault, None
            return (Finding(LINE_SOUND, self._t_us, {"reason": fault.value}),)
        self._sound_us = None
        if quality in (self._fault, Quality.NEW):
            return ()
        self._fault = quality
        return (Finding(LINE_FAULT, self._t_us, {"reason": quality.value}),)


def _times(piece: Piece, metres: Metres) -> NDArray[np.int64]:
    return (piece.t_us + np.arange(len(metres)) * piece.period_us).astype(np.int64)


def _vibration(blocks: Sequence[Metres]) -> float | None:
    """Return the standard deviation over all axes together, in m/s²."""
    if not blocks:
        return None
    return float(np.sqrt(np.concatenate(blocks).astype(np.float64).var(axis=0).sum()))
