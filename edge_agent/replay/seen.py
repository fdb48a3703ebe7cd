"""Feed a recording of pictures to the judges of zones, picture by picture, and collect what they say."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from device_profiles.errors import ConfigError
from device_profiles.profile import Profile
from device_profiles.wire import Value
from edge_agent.judge.berth.berth import Spot
from edge_agent.judge.berth.limits import PLAIN
from edge_agent.judge.finding import Finding
from edge_agent.judge.zone_limits import ZoneLimits, zone_limits_of
from edge_agent.replay.frames import Still, stills_of
from edge_agent.sources.camera.config import ZONE_SPEAKS, kind_faults
from edge_agent.sources.camera.integrity.integrity import shows_nothing
from edge_agent.sources.camera.streams.frame import Image
from edge_agent.vision.looker import MODEL, load_looker
from edge_agent.vision.road.patch import load_road_patch
from edge_agent.vision.road.surface import Classify, SurfaceReason
from edge_agent.vision.road.view import NO_SCALE
from edge_agent.vision.road.watch import RoadWatch
from edge_agent.vision.watch import ZoneState, ZoneWatch, plain_state
from edge_agent.vision.zones import ZonesRead, survey_zones

LONGEST_S = 86_400.0  # between two stills
SPEAKS = "seeing"  # a value that every camera's profile has
UNKNOWN = ZoneState(Spot.UNKNOWN, 0.0)
WORDS: Mapping[str, str] = {  # why the surface of a road is unknown, but for the first moments
    SurfaceReason.SCALE: NO_SCALE,
    SurfaceReason.DARK: "no light falls on it",
    SurfaceReason.MOVED: "the camera was moved, and the zone lies elsewhere",
    SurfaceReason.OTHER: "the picture shows nothing of what it showed",
    SurfaceReason.CHANGED: "too much of it changed at once",
}
BLIND = frozenset(WORDS) - {SurfaceReason.CHANGED}  # then nothing is said of the zone at all


class Look(Protocol):
    """Whoever scores zones."""

    def look(self, frame: Image, /) -> Mapping[str, float | None]:
        """Return for each zone or cell the probability of a vehicle, None when nobody can tell."""


class FrameSeen(msgspec.Struct, frozen=True):
    """What one picture showed."""

    t_us: int
    file: str
    zones: dict[str, ZoneState]
    roads: dict[str, Mapping[str, Value]] = {}  # of zones of kind road: what is said of their surface


class Seen(msgspec.Struct, frozen=True):
    """What a recording of pictures told."""

    frames: tuple[FrameSeen, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]  # what could not be seen, and why


class Recorded(msgspec.Struct, frozen=True):
    """What is to be replayed, and how."""

    path: Path  # folder of stills, a still or a video
    zones: Path
    interval_s: float = 0.2
    hysteresis: bool = True
    model: str = MODEL
    models: Path | None = None  # folder of a models.toml that is not ours
    limits: ZoneLimits = ZoneLimits()  # of its zones' profile


def is_camera(profile: Profile) -> bool:
    """Return whether a profile is one of cameras."""
    return SPEAKS in profile.spec.values


def recorded_of(
    profile: Profile, paths: Sequence[Path], *, zones: Path | None, interval_s: float, hysteresis: bool
) -> Recorded:
    """Return what a command line asks for. Raises ConfigError."""
    if not is_camera(profile):
        raise ConfigError("is no camera: zones are drawn on a camera's picture", file="--profile", key=profile.kind)
    if zones is None:
        raise ConfigError("is missing: the JSON file of the camera's zones", file="--zones")
    if len(paths) != 1:
        raise ConfigError("one folder of stills or one video at a time", file="FRAMES_DIR|VIDEO")
    if not 0 < interval_s <= LONGEST_S:
        raise ConfigError(f"must be above 0 and at most {LONGEST_S:.0f} seconds", file="--interval")
    return Recorded(paths[0], zones, interval_s, hysteresis)


def limits_of(kind: str, profiles: Mapping[str, Profile]) -> ZoneLimits:
    """Return what a zone's profile says, as for an agent's `zone_profile`. Raises ConfigError."""
    for message in kind_faults(kind, profiles, noun="zone", speaks=ZONE_SPEAKS):
        raise ConfigError(message, file="--zone-profile")
    return zone_limits_of(profiles[kind])


def replay_pictures(recorded: Recorded) -> Seen:
    """Return what a recording tells. Raises ConfigError, or ModelRefused when the model is not what it should be."""
    read = survey_zones(recorded.zones)
    stills = stills_of(recorded.path, interval_s=recorded.interval_s)
    looker = load_looker(read.sound, model=recorded.model, folder=recorded.models, threads=0)
    roads = any(one.kind == "road" for one in read.sound.zones)
    classify = load_road_patch(threads=0) if roads else None
    hysteresis, limits = recorded.hysteresis, recorded.limits
    return watch(stills, read, looker, hysteresis=hysteresis, classify=classify, limits=limits)


def watch(
    stills: Iterable[Still],
    read: ZonesRead,
    looker: Look,
    *,
    hysteresis: bool = True,
    classify: Classify | None = None,
    limits: ZoneLimits | None = None,
) -> Seen:
    """Return the states of all zones in each picture, and the events.

    A zone that means nothing is unknown throughout; so are all zones in a picture that is broken or of another size.
    Without ``hysteresis`` each picture is judged alone; of a road's surface one alone says nothing.
    """
    judges = _Judges(read, looker, hysteresis=hysteresis, classify=classify, limits=limits or ZoneLimits())
    frames = tuple(judges.take(still) for still in stills)
    faults = tuple(f"zone {zone!r} is unknown: {fault}" for zone, fault in read.faults.items())
    return Seen(frames, tuple(judges.findings), (*faults, *judges.notes))


class _Judges:
    def __init__(
        self, read: ZonesRead, looker: Look, *, hysteresis: bool, classify: Classify | None, limits: ZoneLimits
    ) -> None:
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self._zones, self._looker, self._hysteresis = read.sound, looker, hysteresis
        self._bad = dict.fromkeys(read.faults, UNKNOWN)
        self._watch = ZoneWatch(read.sound, berth=limits.berth if hysteresis else PLAIN, queue=limits.queue)
        self._roads = RoadWatch(read.sound, classify, limits=limits.road)
        self._noted: dict[str, str] = {}  # zone → why its surface is unknown, as it was said last

    def take(self, still: Still) -> FrameSeen:
        """Judge one picture."""
        image = still.image
        if image is None:
            self.notes.append(still.fault)
            self.findings += self._watch.take(still.t_us, {})
            return self._unknown(still)
        height, width = image.shape[:2]
        if not self._zones.fits(width=width, height=height):
            expected = f"{self._zones.width} × {self._zones.height}"
            self.notes.append(f"{still.file} is {width} × {height}, the zones are drawn on {expected}")
            self.findings += self._watch.unseen(still.t_us, reason="size")
            self.findings += self._roads.unseen(still.t_us, reason="size")
            return self._unknown(still)
        if shows_nothing(image):
            self.notes.append(f"{still.file} shows nothing: one colour all over")
            self.findings += self._watch.unseen(still.t_us, reason="covered")
            self.findings += self._roads.unseen(still.t_us, reason="covered")
            return self._unknown(still)
        scores = self._looker.look(image) if self._zones.zones else {}
        self.findings += self._watch.take(still.t_us, scores)
        self.findings += self._roads.take(image, still.t_us).findings
        self._note(still)
        states = {
            zone.id: self._watch.state(zone.id) if self._hysteresis else plain_state(zone, scores)
            for zone in self._zones.zones
        }
        states |= {zone: UNKNOWN for zone in self._roads.zones if self._roads.reason(zone) in BLIND}
        return FrameSeen(still.t_us, still.file, self._bad | states, self._surfaces())

    def _surfaces(self) -> dict[str, Mapping[str, Value]]:
        return {zone: self._roads.values(zone) for zone in self._roads.zones}

    def _note(self, still: Still) -> None:
        """Say why a road is unknown, once for each time."""
        for zone in self._roads.zones:
            reason = self._roads.reason(zone)
            if reason in WORDS and self._noted.get(zone) != reason:
                where = "" if reason == SurfaceReason.SCALE else f"{still.file}: "
                self.notes.append(f"{where}zone {zone!r} is unknown: {WORDS[reason]}")
            self._noted[zone] = reason

    def _unknown(self, still: Still) -> FrameSeen:
        states = self._bad | {zone.id: UNKNOWN for zone in self._zones.zones}
        return FrameSeen(still.t_us, still.file, states, self._surfaces())
