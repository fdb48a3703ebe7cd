"""Say what a recording of pictures told: as JSON, or as a table for people."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from device_profiles.profile import Profile
from edge_agent.judge.finding import Finding
from edge_agent.replay.seen import FrameSeen, Seen

ROAD = ("area_m2", "class", "box", "since_us")  # of an event of a road's surface, besides


def as_json(seen: Seen, profile: Profile) -> str:
    """Return frames and events as one line of JSON; the zones' ``profile`` says how severe they are."""
    frames = [{"file": frame.file, "zones": _zones(frame)} for frame in seen.frames]
    events = [_event(found, profile) for found in seen.findings]
    return msgspec.json.encode({"frames": frames, "events": events}).decode()


def as_text(seen: Seen, profile: Profile) -> Iterator[str]:
    """Yield a line for each picture with its counts, one for each event, and one with their numbers."""
    for frame in seen.frames:
        counts = Counter(str(said.state) for said in frame.zones.values())
        said = ", ".join(f"{counts[word]} {word}" for word in ("occupied", "free", "unknown") if counts[word])
        yield f"{frame.t_us / 1e6:9.1f} s  {frame.file}: {said}{_surfaces(frame)}"
    for found in seen.findings:
        event = _event(found, profile)
        told = {key: value for key, value in found.data.items() if key not in ("zone", "score", "reason")}
        words = "".join(f", {key} {value}" for key, value in told.items())
        yield f"{found.t_us / 1e6:9.1f} s  {found.kind} ({event['severity']}): zone {event['zone']}{words}"
    yield f"{len(seen.frames)} pictures, {len(seen.findings)} events"


def _zones(frame: FrameSeen) -> dict[str, Any]:
    return {
        zone: {"state": str(said.state), "score": round(said.score, 4), **frame.roads.get(zone, {})}
        for zone, said in frame.zones.items()
    }


def _surfaces(frame: FrameSeen) -> str:
    """Return what is said of roads that are not sound."""
    told = {zone: said for zone, said in frame.roads.items() if said["surface"] not in ("sound", "unknown")}
    return "".join(f"; {zone}: {said['surface']}, {said['changed_m2']} m²" for zone, said in told.items())


def _event(found: Finding, profile: Profile) -> dict[str, Any]:
    """Return an event; of a zone that nobody sees the score is 0, as in the frames."""
    event = {
        "t_us": found.t_us,
        "kind": found.kind,
        "severity": profile.spec.events[found.kind].severity,
        "zone": found.data["zone"],
        "score": found.data["score"] or 0.0,
    }
    return event | {key: found.data[key] for key in ROAD if key in found.data}
