"""Say what a recording told: as JSON, or as a table for people."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from device_profiles.profile import Profile
from edge_agent.judge.ride.state import Floor, Ride
from edge_agent.replay.replay import Story


def as_json(story: Story, profile: Profile, *, floors: tuple[Floor, ...]) -> str:
    """Return rides and events as one line of JSON."""
    events = [
        {"t_us": one.t_us, "kind": one.kind, "severity": profile.spec.events[one.kind].severity}
        for one in story.findings
    ]
    rides = [_ride(ride, floors) for ride in story.rides]
    return msgspec.json.encode({"rides": rides, "events": events}).decode()


def as_text(story: Story, profile: Profile, *, floors: tuple[Floor, ...]) -> Iterator[str]:
    """Yield one line for each ride and event, in time order, and one with their numbers."""
    lines = [(ride.start_us, _ride_line(ride, floors)) for ride in story.rides]
    for one in story.findings:
        severity = profile.spec.events[one.kind].severity
        lines.append((one.t_us, f"{_clock(one.t_us)}  {one.kind} ({severity}): {one.data.get('reason')}"))
    yield from (line for _, line in sorted(lines))
    yield f"{len(story.rides)} rides, {len(story.findings)} events"


def _ride(ride: Ride, floors: tuple[Floor, ...]) -> dict[str, Any]:
    told = {
        "start_us": ride.start_us,
        "end_us": ride.end_us,
        "direction": ride.direction,
        "height_m": ride.height_m,
    }
    return {**told, "floor": ride.floor} if floors else told


def _ride_line(ride: Ride, floors: tuple[Floor, ...]) -> str:
    seconds = (ride.end_us - ride.start_us) / 1e6
    words = (
        f"{_clock(ride.start_us)}  {ride.direction:4} {ride.height_m:7.2f} m ± {ride.error_m:.2f} in {seconds:.1f} s"
    )
    if floors and ride.floor is not None:
        words += f", to floor {floors[ride.floor].name or ride.floor}"
    return words


def _clock(t_us: int) -> str:
    """Return a time of day; recordings from zero begin at midnight."""
    seconds, rest = divmod(t_us, 1_000_000)
    return f"{datetime.fromtimestamp(seconds % 86_400, UTC):%H:%M:%S}.{rest // 100_000}"
