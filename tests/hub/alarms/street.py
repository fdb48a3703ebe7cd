"""A street made by hand: cameras with zones, sensors in the ground of another agent, and where they stand."""

from device_profiles.wire import Binding, ClockState, Event, Heartbeat, Lane, Reading, Status, Value
from hub.alarms.transitions import Alarm, Transition
from tests.hub.alarms.scene import AREA, Scene, us

EYE = """
kind = "road_eye"
title = "Zone of road"

[liveness]
silent_after = "15s"

[values.surface]
type = "str"
description = "sound, hole or water"

[values.evidence]
type = "str"
description = "what was kept"

[events."queue.formed"]
severity = "info"
description = "traffic stands"

[[alarms]]
rule = "road.collapse"
severity = "life"
title = "Road is collapsing"
subject = "site"
need = 2
within = "10s"
near = "30m"
latch = true
closes_with = ["inspected"]
case = { rule = "road.inspection", severity = "major", title = "Inspect the road" }

[alarms.keys]
surface = { when = "surface == 'hole'", another = true }
pool = { kind = "road_eye", when = "surface == 'water'", physics = ["surface", "rain"] }
ground = { kind = "settling", when = "exceeded" }
traffic = { on = "queue.formed", physics = ["traffic", "rain"], follows = "20s", alone = false }
person = { on = "person.reported_hole" }
"""
GROUND = """
kind = "settling"
title = "Sensor in the ground"

[liveness]
silent_after = "15s"

[values.exceeded]
type = "bool"
description = "a threshold is exceeded"
"""
STREET = {"road_eye": EYE, "settling": GROUND}
LAT, LON = 30.25, 120.16
METRE = 180 / 3.141592653589793 / 6_371_008.8  # degrees of latitude
ZONES = (
    Binding("cam-1-road", "road_eye", "", ("cam-1",)),
    Binding("cam-1-lane", "road_eye", "", ("cam-1",)),
    Binding("cam-2-road", "road_eye", "", ("cam-2",)),
    Binding("cam-9-road", "road_eye", "road-9", ("cam-9",)),
)
SENSORS = (
    Binding("gs-1", "settling"),
    Binding("gs-2", "settling"),
    Binding("gs-8", "settling", "road-8"),
    Binding("gs-9", "settling", "road-9"),
)
NORTH_M = {"cam-1-road": 0, "cam-1-lane": 5, "cam-2-road": 20, "gs-1": 29, "gs-2": 800}  # of the street's begin
BEFORE, AFTER = "a" * 64, "b" * 64
KEPT = f"before:{BEFORE} after:{AFTER} clip:ring_young"
CASE = [("raised", "road.inspection", "one_key")]  # what one key alone makes, as `brief` tells it
ONE = [("raised", "road.collapse", "keys_agree"), ("suppressed", "road.inspection", "cause")]  # keys that agree


def north(metres: float) -> tuple[float, float]:
    """Return the position so many metres north of the street's begin."""
    return LAT + metres * METRE, LON


def policy(places: dict[str, float]) -> str:
    """Return a policy that says where devices of the area stand."""
    found = ((name, *north(metres)) for name, metres in places.items())
    return "\n".join(f'[[positions]]\ndevice = "{AREA}/{name}"\nat = [{lat!r}, {lon!r}]' for name, lat, lon in found)


class Street(Scene):
    """Cameras of agent a-1, sensors of agent a-2; ``slow_s``: how far behind the clock of a-2 is."""

    def __init__(self, *, places: dict[str, float] | None = None, slow_s: float = 0) -> None:
        super().__init__(born=False, texts={})
        self.slow_s = slow_s
        self.text(STREET, policy=policy(NORTH_M if places is None else places))
        self.birth(at_s=0, devices=ZONES)
        self.pack(Status(us(-slow_s), 7, True, devices=SENSORS), at_s=0, lane="status", agent="a-2", sent_s=-slow_s)

    def see(self, at_s: float, surface: Value, *, device: str = "cam-1-road", **values: Value) -> list[Transition]:
        """Fold what a zone says of its surface."""
        return self.pack(Reading(device, us(at_s), {"surface": surface, **values}), at_s=at_s)

    def feel(
        self, at_s: float, exceeded: Value, *, device: str = "gs-1", got_s: float | None = None
    ) -> list[Transition]:
        """Fold what a sensor says, by its agent's clock."""
        reading = Reading(device, us(at_s - self.slow_s), {"exceeded": exceeded})
        got_s = at_s if got_s is None else got_s
        return self.pack(reading, at_s=got_s, agent="a-2", sent_s=got_s - self.slow_s, clock=ClockState())

    def alive(self, at_s: float, *devices: str, agent: str = "a-1") -> list[Transition]:
        """Fold a heartbeat."""
        return self.pack(Heartbeat(us(at_s), dict.fromkeys(devices, us(at_s))), at_s=at_s, agent=agent)

    def queue(
        self, at_s: float, *, device: str = "cam-2-road", got_s: float | None = None, lane: Lane = "event"
    ) -> list[Transition]:
        """Fold the event that traffic stands."""
        event = Event(device, us(at_s), "queue.formed", "info")
        return self.pack(event, at_s=at_s if got_s is None else got_s, lane=lane)

    def call(self, at_s: float, *, at: tuple[float, float] | None = None, **more: object) -> list[Transition]:
        """Fold a person's report of a hole."""
        more = {"subject": "", "area": AREA, "kind": "person.reported_hole", "at": at} | more
        return self.act("report", at_s=at_s, **more)

    def open(self, rule: str) -> list[Alarm]:
        """Return the open alarms of a rule, by subject."""
        found = [self.state.open_alarm(rule, subject) for subject in sorted(self.state.open_rules.get(rule, ()))]
        return [alarm for alarm in found if alarm is not None]

    def close(self, at_s: float, alarm: Alarm, because: str | None = "inspected") -> list[Transition]:
        """Fold that somebody closes an alarm."""
        return self.act("close", at_s=at_s, subject="", alarm=alarm.id, because=because)


def brief(made: list[Transition]) -> list[tuple[str, str, str]]:
    """Return (kind, rule, reason) of each transition."""
    return [(t.kind.value, t.alarm.rule, t.reason.value) for t in made]
