"""Stories for property tests: what may happen to a cover and a lift, in any order, as journal records."""

from typing import Any

from hypothesis import strategies as st

from device_profiles.wire import Binding, ClockStep, Event, Heartbeat, Reading, Status
from hub.alarms.people.acts import ACTS
from tests.hub.alarms.scene import BOUND, IN_ROAD, KEYED, MANHOLE, ON_ROAD, TEXTS, WELL, Scene, us
from tests.hub.alarms.street_stories import street_stories

EDITED = TEXTS | {"manhole_cover": MANHOLE.replace('for = "20s"', 'for = "5s"').replace("tilt_deg < 5", "tilt_deg < 3")}

_tilt = st.sampled_from([None, 0, 4, 7, 12, 61, 85])
_water = st.sampled_from([None, 0, 0.5, 2])
_values = st.one_of(
    st.fixed_dictionaries({"tilt_deg": _tilt}),
    st.fixed_dictionaries({"water_level_m": _water}),
    st.fixed_dictionaries({"tilt_deg": _tilt, "water_level_m": _water}),
)
_cover_event = st.sampled_from(["cover.opened", "cover.shut"])
_lift_event = st.sampled_from(["lift.stuck_occupied", "lift.stuck_unknown", "lift.stuck_empty", "lift.released"])
_behind = st.sampled_from([0, 0, 0, 0, 0, 0, 0.5, 3, 20, 400])  # how long before it is received a fact is made
_WORD = ("cover", _values, _behind), ("beat", _behind), ("cover event", _cover_event, _behind)
_HUB = (
    ("tick",),
    ("ticks", st.integers(2, 90)),
    ("act", st.sampled_from(["ack", "close", "ack", *ACTS, "dance"]), st.integers(0, 5)),
)
_AGENT = ("birth", st.sampled_from([BOUND, BOUND[:1], (Binding("cover-1", "unheard_of"),)])), ("epoch",), ("will",)
_RARE = ("lift event", _lift_event, _behind), ("step", st.sampled_from([-120, -7, 7, 120])), ("text", st.booleans())

ROAD_EDITED = KEYED | {"well_level": WELL.replace('"4s"', '"9s"').replace('"10s"', '"3s"').replace('"3s"', '"2s"')}
ELSEWHERE = (Binding("cover-1", "manhole_cover", "road-2"), Binding("lift-7", "lift_terminal"))

_wells = st.sampled_from([None, 0, 1.5, 3])
_wells_beat = st.sampled_from([("well-1",), ("well-1", "well-2"), ("well-1", "well-2")])
_MEMBERS = (
    ("cover", _values, _behind),
    ("beat", _behind),
    ("well", st.sampled_from(["well-1", "well-1", "well-2"]), _wells, _behind),
    ("well beat", _wells_beat, _behind),
    ("report", _behind),
)
_ROAD = (
    ("birth", st.sampled_from([ON_ROAD, ON_ROAD, ELSEWHERE])),
    ("well birth", st.sampled_from([IN_ROAD, IN_ROAD, IN_ROAD[:1]])),
    ("well epoch",),
    ("well step", st.sampled_from([-120, -7, 7, 40])),
    ("step", st.sampled_from([-120, -7, 7])),
    ("epoch",),
    ("road text", st.booleans()),
)


def _op(name: str, *arguments: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), st.sampled_from([0.0, 0.5, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 10.0, 70.0]), *arguments)


_ops = st.one_of(*(_op(*each) for each in (*_WORD, *_WORD[:2] * 4, *_HUB, *_AGENT, *_RARE)))
# hypothesis makes short lists unless it is told: few steps shrink well, many steps reach clears and closes
_plots = st.one_of(st.lists(_ops, min_size=1, max_size=12), st.lists(_ops, min_size=25, max_size=70))
_road_ops = st.one_of(*(_op(*each) for each in (*_MEMBERS * 3, *_HUB, *_ROAD)))
_road_plots = st.one_of(st.lists(_road_ops, min_size=1, max_size=12), st.lists(_road_ops, min_size=25, max_size=70))
device_stories = st.builds(lambda ops, born: tell(ops, born=born), _plots, st.booleans())
road_stories = st.builds(lambda ops, born: tell(ops, born=born, road=True), _road_plots, st.booleans())
stories = st.one_of(device_stories, road_stories, street_stories)


def tell(ops: list[tuple[Any, ...]], *, born: bool, road: bool = False) -> Scene:
    """Return the scene of a story: each step is (name, seconds since the step before, arguments).

    ``road``: cover and wells, of two agents, are bound to one asset whose rules have keys.
    """
    scene = Scene(born=born and not road, texts=KEYED if road else TEXTS)
    teller = _Teller(scene, bound=ON_ROAD if road else BOUND)
    if born and road:
        teller.birth(ON_ROAD)
        teller.well_birth(IN_ROAD)
    for name, pause_s, *arguments in ops:
        teller.at_s += pause_s
        getattr(teller, name.replace(" ", "_"))(*arguments)
    return scene


class _Teller:
    def __init__(self, scene: Scene, *, bound: tuple[Binding, ...]) -> None:
        self.scene = scene
        self.bound = bound
        self.at_s = 0.0  # at the hub
        self.skew_s = 0.0  # of the agent's clock
        self.agent_epoch = 7
        self.wells_skew_s = -20.0  # of the other agent's clock
        self.wells_epoch = 7

    def _send(self, fact: Any, lane: Any = "reading") -> None:
        self.scene.pack(fact, at_s=self.at_s, sent_s=self.at_s + self.skew_s, lane=lane, epoch=self.agent_epoch)

    def _made_us(self, behind_s: float) -> int:
        return us(self.at_s + self.skew_s - behind_s)

    def cover(self, values: Any, behind_s: float) -> None:
        self._send(Reading("cover-1", self._made_us(behind_s), values))

    def beat(self, behind_s: float) -> None:
        seen_us = self._made_us(behind_s)
        self._send(Heartbeat(seen_us, {"lift-7": seen_us, "cover-1": seen_us}))

    def cover_event(self, kind: str, behind_s: float) -> None:
        self._send(Event("cover-1", self._made_us(behind_s), kind, "major"), "event")

    def lift_event(self, kind: str, behind_s: float) -> None:
        self._send(Event("lift-7", self._made_us(behind_s), kind, "life"), "event")

    def tick(self) -> None:
        self.scene.tick(self.at_s)

    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.at_s += 1
            self.scene.tick(self.at_s)

    def act(self, act: str, choice: int) -> None:
        found = [occurrence for rules in self.scene.state.occurrences.values() for occurrence in rules.values()]
        found.sort(key=lambda occurrence: (not occurrence.open, occurrence.rule, occurrence.subject))
        if found:
            meant = found[choice % len(found)]
            actor, for_us = ("li", None) if choice % 2 else ("wang", 60_000_000)
            self.scene.act(
                act, at_s=self.at_s, rule=meant.rule, subject=meant.subject, actor=actor, because="test", for_us=for_us
            )

    def birth(self, devices: tuple[Binding, ...]) -> None:
        self._send(Status(self._made_us(0), self.agent_epoch, True, devices=devices), "status")

    def epoch(self) -> None:
        self.agent_epoch += 1
        self.birth(self.bound)

    def will(self) -> None:
        self.scene.will(at_s=self.at_s, epoch=self.agent_epoch)

    def step(self, step_s: float) -> None:
        if self.skew_s + step_s > 50:  # a clock further ahead is not believed, and that depends on the hub's time
            return
        self.skew_s += step_s
        self._send(ClockStep(self._made_us(0), round(step_s * 1_000_000)))

    def text(self, edited: bool) -> None:
        self.scene.text(EDITED if edited else TEXTS, at_s=self.at_s)

    def _tell(self, fact: Any, lane: Any = "reading") -> None:
        sent_s = self.at_s + self.wells_skew_s
        self.scene.pack(fact, at_s=self.at_s, sent_s=sent_s, lane=lane, epoch=self.wells_epoch, agent="a-2")

    def _seen_us(self, behind_s: float) -> int:
        return us(self.at_s + self.wells_skew_s - behind_s)

    def well(self, device: str, water_m: Any, behind_s: float) -> None:
        self._tell(Reading(device, self._seen_us(behind_s), {"water_m": water_m}))

    def well_beat(self, devices: tuple[str, ...], behind_s: float) -> None:
        seen_us = self._seen_us(behind_s)
        self._tell(Heartbeat(seen_us, dict.fromkeys(devices, seen_us)))

    def report(self, behind_s: float) -> None:
        self._tell(Event("well-1", self._seen_us(behind_s), "person.reported_hole", "critical"), "event")

    def well_birth(self, devices: tuple[Binding, ...]) -> None:
        self._tell(Status(self._seen_us(0), self.wells_epoch, True, devices=devices), "status")

    def well_epoch(self) -> None:
        self.wells_epoch += 1
        self.well_birth(IN_ROAD)

    def well_step(self, step_s: float) -> None:
        if self.wells_skew_s + step_s > 50:
            return
        self.wells_skew_s += step_s
        self._tell(ClockStep(self._seen_us(0), round(step_s * 1_000_000)))

    def road_text(self, edited: bool) -> None:
        self.scene.text(ROAD_EDITED if edited else KEYED, at_s=self.at_s)
