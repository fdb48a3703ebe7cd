"""Watch a track and say when a ride has ended: with its braking, dead, or unseen."""

import msgspec
import numpy as np

from edge_agent.judge.ride.find import CREEP_BINS, CREEP_LEFT, SURE, Found, find_ride, open_pulse, with_creep
from edge_agent.judge.ride.height import REST_BINS, climb, fuse
from edge_agent.judge.ride.limits import RideLimits
from edge_agent.judge.ride.open import CALM_S, HALF, Guess, calm, guess
from edge_agent.judge.ride.signal import (
    BIN_S,
    HOLLOW,
    ROOM,
    THRESHOLD,
    Array,
    Pulse,
    find_pulses,
    has_run,
    magnitude,
    noise,
    rest_level,
    roughness,
    signed_length,
)
from edge_agent.judge.ride.state import Stop
from edge_agent.judge.ride.track import Track, View
from edge_agent.judge.ride.window import BRAKING, MOVING

LEAST_HEIGHT_M = 1.9  # nobody lifts a box by more, no floor is lower than 2.4 m
LEAST_DEAD_M = 0.35  # what stops dead may have begun just now; nearer than this it is at its level
FLANK = 3  # bins of a pulse's room in which it has not begun
REST = 10  # bins of rest that make an end
SETTLE = 25  # bins after the end, so that model and barometer see it
LONG_SETTLE = 40  # bins of calm, where the sums do not come out
STANDS = 80  # looks, 40 s
BLIND_BINS = 20  # without a sample: a ride may have begun
CREEP_SETTLE = 60  # bins in which a hydraulic lift levels
KEEP = 200  # bins that are kept while nothing happens
GRAVITY_KEEP = 0.98  # of the old level, each half second: its time constant is 25 s
LEARN = 60  # bins before a level is believed
STAYED_M = 1.5  # less by pressure is no ride, if the acceleration leaves a doubt: it is LOW_M or not CERTAIN
LOW_M = 8.0
CERTAIN = 0.8
CLEARLY = 0.75  # a firm drive's begin and end look alike to the model


class Ended(msgspec.Struct, frozen=True):
    """The end of a ride."""

    start: int  # bin
    end: int
    metres: float  # upwards positive
    error: float
    barometer: bool
    reason: Stop | None  # None: it ended as rides do
    trusted: bool  # both sensors agree, so that a place between floors may be believed
    clear: bool = True  # nobody shook the car when it lost its speed


class Watch:
    """Looks at the track anew each half second; what it remembers is small."""

    def __init__(self, limits: RideLimits, *, gravity: float | None, with_model: bool) -> None:
        self.gravity = gravity
        self.riding_since: int | None = None  # bin
        self.lost = False  # nobody knows what became of a ride
        self.shaft_m = limits.travel_m  # no ride is longer
        self.speed: float | None = 0.0
        self.word = "still"  # what thresholds call the motion now
        self._with_model = with_model
        self._to_lose: float | None = None  # m/s that a ride had which was lost out of sight
        self._settled = gravity is not None
        self._blind = True  # it may be riding already: what looks like a begin may be a braking
        self._rested = 0  # looks in a row

    def restart(self) -> None:
        """Forget the ride on the way; its braking may still come, and begins no other ride."""
        self._blind, self._rested = True, 0
        self._to_lose = self.speed if self.riding_since is not None else None
        self.riding_since, self.lost, self.speed = None, False, 0.0
        self._settled = False

    def level(self, view: View) -> float | None:
        """Return gravity as the box measures it, an early guess if need be."""
        if self._settled and self.gravity is not None:
            return self.gravity
        if len(view) < 10:
            return self.gravity
        found = rest_level(magnitude(view.mean), roughness(view.mean, view.spread))
        return self.gravity if found is None else found

    def look(self, track: Track, end: int, *, last: bool = False) -> Ended | None:
        """Look at all bins before ``end``; ``last``: no more will come."""
        self.lost = False
        view = track.view(end)
        if len(view) < 15:
            return None
        length = magnitude(view.mean)
        if self.riding_since is None:
            hidden = self._blind or bool(view.hole[-BLIND_BINS:].all())
            self._blind = hidden and not self._stands(track, view)
        if self._settled and self._is_calm(length, view):
            self._rest(track, view, length)
            return None
        self._rested = 0
        rough = roughness(view.mean, view.spread)
        gravity = self._learn(view, length, rough)
        if gravity is None:
            return None
        pulses = self._pulses(view, length, rough, gravity)
        if self._blind and len(pulses) > 1 and _brakes_then_begins(pulses[0], pulses[1]):
            pulses = pulses[1:]
        if self._to_lose is not None and self._is_late_braking(track, view, pulses):
            return None
        found = find_ride(pulses, signed_length(view.mean, view.mean) - gravity) if len(pulses) > 1 else None
        if found is None:
            return self._after(track, view, pulses)
        if not _is_over(found, pulses, len(view), last=last):
            self._open(found.pulses[0], pulses, view)
            return None
        weak = find_pulses(view.mean, length, rough, gravity=gravity, least_speed=CREEP_LEFT)
        found = with_creep(found, [pulse for pulse in weak if pulse.start >= found.end - ROOM])
        return self._ended(track, view, length, found, gravity)

    def _stands(self, track: Track, view: View) -> bool:
        """Return whether it certainly stands: no drive cruises for so long, or the barometer says so."""
        now = view.first + len(view)
        return self._rested >= STANDS or calm(track.altitudes(now - CALM_S / BIN_S, now), now) is not None

    def _is_calm(self, length: Array, view: View) -> bool:
        """Return whether nothing in the track could be a pulse."""
        assert self.gravity is not None
        off = np.abs(length - self.gravity)
        return bool(off.max() < THRESHOLD) and self.riding_since is None and not view.hole[-20:].any()

    def _rest(self, track: Track, view: View, length: Array) -> None:
        assert self.gravity is not None
        recent = float(length[-10:].mean())
        self.gravity = GRAVITY_KEEP * self.gravity + (1 - GRAVITY_KEEP) * recent
        self.word, self.speed = "still", 0.0
        self._rested += 1
        track.trim(view.first + len(view) - KEEP)

    def _learn(self, view: View, length: Array, rough: Array) -> float | None:
        if self._settled and self.gravity is not None:
            quiet = np.abs(length[-15:] - self.gravity).max() < THRESHOLD and float(np.median(rough[-15:])) < 0.3
            if quiet and self.riding_since is None:
                self.gravity = GRAVITY_KEEP * self.gravity + (1 - GRAVITY_KEEP) * float(length[-10:].mean())
            return self.gravity
        level = rest_level(length, rough)
        if level is None or len(view) < LEARN:
            return None
        near = np.abs(length - level) < THRESHOLD
        if near.sum() >= KEEP - 20:
            self._settled = True
        self.gravity = level
        return level

    def _is_late_braking(self, track: Track, view: View, pulses: list[Pulse]) -> bool:
        """Return whether the first pulse is the braking of a ride that was lost out of sight; then forget it."""
        if not pulses or self._to_lose is None:
            return False
        if abs(pulses[0].speed + self._to_lose) > 0.3 * abs(self._to_lose):
            growing = pulses[0].end > len(view) - REST
            self._to_lose = self._to_lose if growing else None
            return False
        if pulses[0].end <= len(view) - REST:
            track.trim(view.first + pulses[0].end)
            self._to_lose = None
        return True

    def _pulses(self, view: View, length: Array, rough: Array, gravity: float) -> list[Pulse]:
        pulses = find_pulses(view.mean, length, rough, gravity=gravity)
        if not self._with_model:
            return pulses
        return [_named(view, pulse, length, gravity) for pulse in pulses]

    def _ended(self, track: Track, view: View, length: Array, found: Found, gravity: float) -> Ended | None:
        ended = self._measure(track, view, length, found, gravity)
        if ended is not None:
            track.trim(view.first + found.end)
            self._settled, self._blind = True, False
        else:
            track.trim(view.first + found.pulses[0].end)
        self._open(None, [], view)
        return ended

    def _measure(self, track: Track, view: View, length: Array, found: Found, gravity: float) -> Ended | None:
        course, start = climb(length, gravity, found), view.first + found.start
        altitudes = track.altitudes(start - REST_BINS, view.first + min(len(view), found.end + REST_BINS))
        height = fuse(course, first=view.first + course.first, altitudes=altitudes)
        hollow = has_run(view.hole[found.start : found.end], HOLLOW)
        shaken = found.is_shaken(signed_length(view.mean, view.mean) - gravity)
        least = LEAST_DEAD_M if found.dead else LEAST_HEIGHT_M
        if abs(height.by_acceleration) < least or found.likely < SURE:
            return None
        if height.by_pressure is not None and height.pressure_error is not None and height.agrees is False:
            doubtful = abs(height.by_acceleration) < LOW_M or found.likely < CERTAIN or self._blind
            if doubtful and height.pressure_error < 0.7 and abs(height.by_pressure) < STAYED_M:
                return None  # the pressure is good, and says that it stayed where it was
            height = msgspec.structs.replace(height, metres=height.by_acceleration)
        reason = Stop.DEAD_STOP if found.dead and not hollow and not shaken else None
        agree = height.agrees is True if shaken else height.agrees is not False
        trusted = agree and not hollow
        barometer = height.by_pressure is not None
        clear = not (found.dead and shaken)
        begun, over = start + FLANK, view.first + found.end - FLANK
        return Ended(begun, over, height.metres, height.error, barometer, reason, trusted, clear)

    def _after(self, track: Track, view: View, pulses: list[Pulse]) -> Ended | None:
        begun = open_pulse(pulses)
        self._open(begun, pulses, view)
        if begun is None:
            keep = KEEP if self._settled else 3 * KEEP
            track.trim(view.first + len(view) - keep)
            return None
        start, now = view.first + begun.start, view.first + len(view)
        altitudes = track.altitudes(start - REST_BINS, now)
        word, rise = guess(view, begun, altitudes, speed=self.speed or 0.0, shaft_m=self.shaft_m)
        if word is Guess.RIDING:
            return None
        if word is Guess.UNBRAKED and self._blind:
            word = Guess.LOST
        track.trim(now - REST)
        self.lost = word is Guess.LOST
        self._blind = self._blind or self.lost
        self._open(None, [], view)
        if word not in (Guess.ARRIVED, Guess.UNBRAKED):
            return None
        gone = rise or begun.speed * (begun.end - begun.start) * BIN_S / 2  # at least
        reason = Stop.NO_BRAKING if word is Guess.UNBRAKED else None
        return Ended(start, now - int(CALM_S / BIN_S), gone, 1.0, rise != 0.0, reason, trusted=False)

    def _open(self, begun: Pulse | None, pulses: list[Pulse], view: View) -> None:
        self.riding_since = None if begun is None else view.first + begun.start
        if begun is None:
            self.speed = 0.0
            self.word = "still" if noise(np.linalg.norm(view.mean[-20:], axis=1)) < 0.05 else "door_people"
            return
        self.speed = sum(pulse.speed for pulse in pulses if pulse.start >= begun.start)
        latest = pulses[-1]
        at_work = latest.end >= len(view) - 5
        speeding = latest.speed * begun.speed > 0
        self.word = ("accelerating_up" if begun.speed > 0 else "accelerating_down") if speeding else "braking"
        self.word = self.word if at_work else "cruising"


def _brakes_then_begins(first: Pulse, second: Pulse) -> bool:
    """Return whether the model sees the end of a ride that began out of sight, and the begin of the next."""
    return first.braking > CLEARLY and second.braking < 1 - CLEARLY and second.moving > HALF


def _is_over(found: Found, pulses: list[Pulse], now: int, *, last: bool) -> bool:
    """Return whether it rests for long enough after what may be a ride to judge it."""
    after = now - found.end
    interrupted = any(pulse.start >= found.end for pulse in pulses)
    if found.dead and not found.uneven:
        return after >= LONG_SETTLE or last  # long enough to see whether somebody shakes the car
    if found.uneven:
        return after >= LONG_SETTLE and (not interrupted or after >= CREEP_BINS)
    if found.rest * np.sign(found.speed) > CREEP_LEFT and not interrupted:
        return after >= CREEP_SETTLE or last
    return after >= SETTLE or last or (interrupted and after >= REST)


def _named(view: View, pulse: Pulse, length: Array, gravity: float) -> Pulse:
    """Return the pulse with the model's word; without one while it has not looked at all of the pulse.

    Each bin counts by how much it has of the pulse: its flanks look like what comes before and after.
    """
    labels = view.labels[pulse.start : pulse.end]
    weights = np.abs(length[pulse.start : pulse.end] - gravity)
    seen = np.isfinite(labels[:, 0])
    total = float(weights[seen].sum())
    if total < 0.9 * float(weights.sum()) or total == 0.0:
        return pulse
    mean = weights[seen] @ labels[seen] / total
    moving = float(mean[list(MOVING)].sum())
    braking = float(mean[BRAKING]) / max(moving, 1e-9)
    return msgspec.structs.replace(pulse, moving=moving, braking=braking)
