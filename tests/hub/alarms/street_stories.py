"""Stories of a street for property tests: holes, sensors, traffic and people, in any order, as journal records."""

from typing import Any

from hypothesis import strategies as st

from device_profiles.wire import Binding, ClockStep, Event, Heartbeat, Reading
from tests.hub.alarms.scene import AREA, us
from tests.hub.alarms.street import EYE, KEPT, NORTH_M, SENSORS, STREET, ZONES, Street, north, policy

NEARER = STREET | {"road_eye": EYE.replace('"30m"', '"20m"').replace('"20s"', '"5s"')}
MOVED = policy(NORTH_M | {"gs-1": 300, "gs-2": 25})
_zone = st.sampled_from([zone.device for zone in ZONES])
_sensor = st.sampled_from([sensor.device for sensor in SENSORS])
_surface = st.sampled_from([None, "sound", "sound", "hole", "hole", "water"])
_behind = st.sampled_from([0, 0, 0, 0, 0.5, 3, 20, 400])
_OPS = (
    *(("see", _zone, _surface, st.booleans(), _behind),) * 3,
    *(("feel", _sensor, st.sampled_from([None, False, True, True]), _behind),) * 3,
    ("zones beat", _behind),
    ("sensors beat", _behind),
    ("queue", _zone, _behind),
    ("call", st.sampled_from([None, 0.0, 15.0, 60.0, 800.0])),
    ("tick",),
    ("ticks", st.integers(2, 60)),
    ("act", st.sampled_from(["close", "close", "ack", "shelve"]), st.integers(0, 5), st.booleans()),
    ("birth", st.sampled_from([ZONES, ZONES, ZONES[:1], (Binding("cam-1-road", "road_eye", "road-9"),)])),
    ("sensors step", st.sampled_from([-120, -7, 7])),
    ("text", st.booleans(), st.booleans()),
)


def _op(name: str, *arguments: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 70.0]), *arguments)


_ops = st.one_of(*(_op(*each) for each in _OPS))
_plots = st.one_of(st.lists(_ops, min_size=1, max_size=12), st.lists(_ops, min_size=25, max_size=60))
street_stories = st.builds(lambda ops: _tell(ops), _plots)


def _tell(ops: list[tuple[Any, ...]]) -> Street:
    teller = _Teller()
    for name, pause_s, *arguments in ops:
        teller.at_s += pause_s
        getattr(teller, name.replace(" ", "_"))(*arguments)
    return teller.street


class _Teller:
    def __init__(self) -> None:
        self.street = Street(slow_s=20)
        self.at_s = 0.0  # at the hub
        self.slow_s = 20.0  # the sensors' agent

    def _sensors_say(self, fact: Any) -> None:
        self.street.pack(fact, at_s=self.at_s, sent_s=self.at_s - self.slow_s, agent="a-2")

    def see(self, device: str, surface: Any, kept: bool, behind_s: float) -> None:
        values = {"surface": surface} | ({"evidence": KEPT} if kept else {})
        self.street.pack(Reading(device, us(self.at_s - behind_s), values), at_s=self.at_s)

    def feel(self, device: str, exceeded: Any, behind_s: float) -> None:
        self._sensors_say(Reading(device, us(self.at_s - self.slow_s - behind_s), {"exceeded": exceeded}))

    def zones_beat(self, behind_s: float) -> None:
        seen_us = us(self.at_s - behind_s)
        self.street.pack(Heartbeat(seen_us, {zone.device: seen_us for zone in ZONES}), at_s=self.at_s)

    def sensors_beat(self, behind_s: float) -> None:
        seen_us = us(self.at_s - self.slow_s - behind_s)
        self._sensors_say(Heartbeat(seen_us, {sensor.device: seen_us for sensor in SENSORS}))

    def queue(self, device: str, behind_s: float) -> None:
        event = Event(device, us(self.at_s - behind_s), "queue.formed", "info")
        self.street.pack(event, at_s=self.at_s, lane="event")

    def call(self, metres: float | None) -> None:
        place = {"subject": "road-9"} if metres is None else {"subject": "", "at": north(metres)}
        self.street.act("report", at_s=self.at_s, area=AREA, kind="person.reported_hole", **place)

    def tick(self) -> None:
        self.street.tick(self.at_s)

    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.at_s += 1
            self.street.tick(self.at_s)

    def act(self, act: str, choice: int, inspected: bool) -> None:
        found = [alarm for rule in ("road.collapse", "road.inspection") for alarm in self.street.open(rule)]
        if found:
            meant, because = found[choice % len(found)], "inspected" if inspected else "false_call"
            self.street.act(act, at_s=self.at_s, rule=meant.rule, subject=meant.subject, because=because)

    def birth(self, devices: tuple[Binding, ...]) -> None:
        self.street.birth(at_s=self.at_s, devices=devices)

    def sensors_step(self, step_s: float) -> None:
        if self.slow_s - step_s < -50:  # a clock further ahead is not believed, and that depends on the hub's time
            return
        self.slow_s -= step_s
        self._sensors_say(ClockStep(us(self.at_s - self.slow_s), round(step_s * 1_000_000)))

    def text(self, nearer: bool, moved: bool) -> None:
        self.street.text(NEARER if nearer else STREET, at_s=self.at_s, policy=MOVED if moved else policy(NORTH_M))
