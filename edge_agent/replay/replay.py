"""Feed a recording to the judge of boxes, second by second, and collect what it says."""

from collections.abc import Iterator, Mapping

import msgspec
import numpy as np

from device_profiles.errors import ConfigError
from device_profiles.profile import Profile, load_profiles
from edge_agent.judge import ride_limits_of
from edge_agent.judge.finding import Finding
from edge_agent.judge.ride.ride import Classify, RideJudge, Told
from edge_agent.judge.ride.state import Floor, Ride, RideState
from edge_agent.judge.ride.stop import RIDE
from edge_agent.replay.order import in_order
from edge_agent.replay.recording import Recording, Series

BLOCK_US = 1_000_000


class Story(msgspec.Struct, frozen=True):
    """What a recording tells."""

    rides: tuple[Ride, ...]
    findings: tuple[Finding, ...]  # all but the rides
    notes: tuple[str, ...]  # what was wrong with the rows


def replay(
    recording: Recording, profile: Profile, *, floors: tuple[Floor, ...] = (), classify: Classify | None = None
) -> Story:
    """Return rides and events. Raises ConfigError when the profile is none of a box."""
    state = RideState(floors=floors, given=bool(floors))
    judge = RideJudge(ride_limits_of(profile), classify=classify, state=state)
    acceleration, pressure = in_order(recording.acceleration), in_order(recording.pressure)
    told = [*_feed(judge, acceleration.series, pressure.series), judge.finish()]
    rides = tuple(ride for one in told for ride in one.rides)
    findings = tuple(finding for one in told for finding in one.findings if finding.kind != RIDE)
    notes = [
        f"{file}: {count} rows left out: {why}" for file, bad in recording.bad.items() for why, count in bad.items()
    ]
    for name, done in (("acceleration", acceleration.done), ("pressure", pressure.done)):
        notes += [f"{name}: {count} {word}" for word, count in done.items() if count]
    if not len(recording.acceleration.t_us):
        notes.append("no acceleration: nothing can be judged")
    return Story(rides, findings, tuple(notes))


def profile_of(kind: str, profiles: Mapping[str, Profile] | None = None) -> Profile:
    """Return one of ``profiles``, or of the built-in ones. Raises ConfigError."""
    profiles = load_profiles() if profiles is None else profiles
    if kind not in profiles:
        raise ConfigError(f"no such profile; known: {', '.join(sorted(profiles))}", file="--profile", key=kind)
    return profiles[kind]


def _feed(judge: RideJudge, acceleration: Series, pressure: Series) -> Iterator[Told]:
    """Yield what the judge says of each second; of what is simultaneous the pressures go first."""
    begin, fed_us = 0, -(1 << 62)
    for end in _block_ends(acceleration):
        t_us = acceleration.t_us[begin:end]
        first_us, last_us = int(t_us[0]), int(t_us[-1])
        after_us = fed_us if fed_us <= first_us else first_us - 1  # the clock went back: these are other pressures
        fed_us = last_us
        inside = (pressure.t_us > after_us) & (pressure.t_us <= last_us)
        if inside.any():
            yield judge.take_pressure(pressure.t_us[inside].tolist(), pressure.values[inside, 0])
        yield judge.take_acceleration(t_us.tolist(), *acceleration.values[begin:end].T)
        begin = end


def _block_ends(series: Series) -> list[int]:
    """Return where blocks of a second end; where the clock goes back one ends too."""
    if not len(series.t_us):
        return []
    seconds = series.t_us // BLOCK_US
    ends = np.flatnonzero(seconds[1:] != seconds[:-1]) + 1
    return [*ends.tolist(), len(series.t_us)]
