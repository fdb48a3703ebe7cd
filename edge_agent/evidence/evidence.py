"""The evidence of one camera: what it showed lately is at hand, and what is kept of a finding is masked first."""

import logging
import weakref
from collections.abc import Sequence
from pathlib import Path

import cv2
import msgspec
import numpy as np

from device_profiles.clock import Clock
from device_profiles.evidence import EvidenceReason, Permit, evidence_value
from device_profiles.shelf import Shelf, TooLarge
from edge_agent.evidence.clip import avi
from edge_agent.evidence.masks import mask, movers, scaled, strangers
from edge_agent.evidence.order import EvidenceOrder
from edge_agent.evidence.ring import Ring, Still
from edge_agent.judge.road.blob import Box
from edge_agent.vision.patches import Frame
from edge_agent.vision.zone import Polygon

logger = logging.getLogger(__name__)

RING_WIDTH = 640  # px; wider pictures are kept back halved, a third, …
RING_PERIOD_US = 190_000  # of the camera's time: no more than five pictures a second are kept back
RING_QUALITY, STILL_QUALITY = 80, 88  # of JPEG
BUDGET_S = 0.8  # real; after it no more pictures are masked: the worker must report within 1.7 s
LEAVE_BYTES = 32_000_000  # of disk: the outbox needs it more


class _Scene(msgspec.Struct, frozen=True):
    """What is to be masked, in pixels of the camera's pictures."""

    permit: Permit
    polygon: Polygon
    movers: tuple[Box, ...]
    hidden: tuple[Polygon, ...]


class Evidence:
    """Runs in the worker. Without an order it keeps nothing and says so."""

    def __init__(self, order: EvidenceOrder | None, *, clock: Clock) -> None:
        self._order = order or EvidenceOrder()
        self._clock = clock
        self._pace = max(1.0, clock.speed)  # cameras are real: pictures come apart as the city runs
        self._span_us = round(self._order.span_us * self._pace)
        self._ring = Ring(max_bytes=self._order.ring_bytes, max_age_us=self._span_us)
        limits = {"max_bytes": self._order.max_bytes, "max_age_us": self._order.max_age_us, "leave_bytes": LEAVE_BYTES}
        self._shelf = Shelf(Path(self._order.folder), **limits)
        self._last_us: int | None = None
        self._look: weakref.ref[Frame] | None = None  # the picture of the last finding: no more of it is held
        self._told: dict[tuple[Polygon, Permit], str] = {}  # what was kept of it
        self._end_s = 0.0  # real; masking for it is over then, however much is found on it

    def see(self, image: Frame, t_us: int, movers: Sequence[Box] = ()) -> None:
        """Keep a picture back for a while, compressed; ``movers`` are those of this picture, when they are known."""
        early = self._last_us is not None and 0 <= t_us - self._last_us < RING_PERIOD_US * self._pace
        if not self._order.folder or early:
            return
        self._last_us = t_us
        small, scale = _shrunk(image)
        self._ring.put(Still(t_us, _jpeg(small, RING_QUALITY), scaled(movers, scale)))

    def shift(self, step_us: int) -> None:
        """Follow the clock, which was set."""
        self._ring.shift(step_us)
        self._last_us = None

    def keep(
        self,
        *,
        before: Frame | None,
        after: Frame,
        movers: Sequence[Box],
        polygon: Polygon,
        t_us: int,
        kind: str = "",
        hidden: Sequence[Polygon] = (),
    ) -> str:
        """Keep a still of before, one of after and a clip; return the zone's value ``evidence``.

        ``kind`` is that of the finding; ``hidden`` are the polygons of what is not to be seen, such as occupied berths.
        """
        permit = self._order.permits.get(kind, "masked")
        if not self._order.folder or permit == "none":
            reason = EvidenceReason.WITHHELD if self._order.folder else EvidenceReason.OFF
            return evidence_value(dict.fromkeys(("before", "after", "clip"), reason))
        if self._look is None or self._look() is not after:
            self._look, self._told, self._end_s = weakref.ref(after), {}, self._clock.real_s() + BUDGET_S
        if (polygon, permit) not in self._told:
            scene = _Scene(permit, polygon, tuple(movers), tuple(hidden))
            self._told[polygon, permit] = self._keep(before, after, scene, t_us)
        return self._told[polygon, permit]

    def _keep(self, before: Frame | None, after: Frame, scene: _Scene, t_us: int) -> str:
        stills = {"after": after}
        if before is not None:
            stills["before"] = before = _as_large(before, after)
            found = strangers(after, before, zone=scene.polygon)
            scene = msgspec.structs.replace(scene, movers=(*scene.movers, *found))
        kept: dict[str, str] = {}
        room = self._shelf.max_bytes
        for part, image in stills.items():
            content = _still(image, scene)
            room -= len(content)
            kept[part] = self._put(content, kept, t_us)
        clip, shorter = self._clip(before, after, scene, t_us, room=room)
        kept["clip"] = self._put(clip, kept, t_us) if clip else shorter
        kept.setdefault("before", EvidenceReason.NO_PICTURE)
        return evidence_value(kept, shorter=shorter if clip else "")

    def _put(self, content: bytes, kept: dict[str, str], t_us: int) -> str:
        """Return the digest, or the reason why it is not kept."""
        try:
            return self._shelf.put(content, now_us=t_us, spare=tuple(kept.values()))
        except TooLarge:
            return EvidenceReason.TOO_LARGE
        except OSError as error:
            logger.error("evidence is not kept: %s: %s", self._order.folder, error.strerror)
            return EvidenceReason.NO_ROOM

    def _clip(
        self, before: Frame | None, after: Frame, scene: _Scene, t_us: int, *, room: int
    ) -> tuple[bytes, EvidenceReason | str]:
        """Return a clip (b"" for none) and why it is shorter than it should be; masked from the newest picture back."""
        since_us = t_us - self._span_us
        stills = [still for still in self._ring.stills() if since_us <= still.t_us <= t_us]
        slack_us = round(2_000_000 * self._pace)
        shorter: EvidenceReason | str = self._ring.shorter(since_us, slack_us=slack_us) or ""
        after, scale = _shrunk(after)
        stays = [after] if before is None else [after, _as_large(before, after)]
        jpegs: list[bytes] = []
        for still in reversed(stills):
            if self._clock.real_s() > self._end_s:
                shorter = EvidenceReason.NO_TIME
                break
            jpeg = _masked(still, scene, stays, scale)
            if jpeg is None:  # of another size: the camera was another one then
                shorter = EvidenceReason.RING_YOUNG
                break
            if (room := room - len(jpeg) - 24) < 1_000:  # with its place in the index; the rest is the header
                shorter = EvidenceReason.TOO_LARGE
                break
            jpegs.append(jpeg)
        if not jpegs:
            return b"", shorter or EvidenceReason.RING_EMPTY
        period_us = _period_us(stills[-len(jpegs) :], pace=self._pace)
        return avi(jpegs[::-1], width=after.shape[1], height=after.shape[0], period_us=period_us), shorter


def _masked(still: Still, scene: _Scene, stays: Sequence[Frame], scale: float) -> bytes | None:
    """Return a still of the ring as it may be kept; None when it cannot be compared."""
    image = cv2.imdecode(np.frombuffer(still.jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None or image.shape != stays[0].shape:
        return None
    if scene.permit == "plain":
        return still.jpeg
    picture = image.astype(np.uint8, copy=False)
    boxes = (*still.movers, *scaled(scene.movers, scale), *movers(picture, stays))
    hidden = tuple(_scaled(polygon, scale) for polygon in scene.hidden)
    return _jpeg(mask(picture, zone=_scaled(scene.polygon, scale), boxes=boxes, hidden=hidden), RING_QUALITY)


def _still(image: Frame, scene: _Scene) -> bytes:
    if scene.permit == "masked":
        image = mask(image, zone=scene.polygon, boxes=scene.movers, hidden=scene.hidden)
    return _jpeg(image, STILL_QUALITY)


def _shrunk(image: Frame) -> tuple[Frame, float]:
    """Return a picture that is not too wide to be kept back, and how large it is."""
    factor = -(-image.shape[1] // RING_WIDTH)
    if factor == 1:
        return image, 1.0
    size = (image.shape[1] // factor, image.shape[0] // factor)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False), 1 / factor


def _as_large(image: Frame, other: Frame) -> Frame:
    if image.shape == other.shape:
        return image
    size = (other.shape[1], other.shape[0])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _scaled(polygon: Polygon, scale: float) -> Polygon:
    return tuple((x * scale, y * scale) for x, y in polygon)


def _period_us(stills: Sequence[Still], *, pace: float) -> int:
    """Return the mean time between pictures, as they were taken by a real camera."""
    if len(stills) < 2:
        return 200_000
    return max(1_000, round((stills[-1].t_us - stills[0].t_us) / (len(stills) - 1) / pace))


def _jpeg(image: Frame, quality: int) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()
