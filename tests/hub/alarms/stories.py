"""Stories for property tests: what may happen to a cover and a lift, in any order, as journal records."""

from typing import Any

from hypothesis import strategies as st

from device_profiles.wire import Binding, ClockStep, Event, Heartbeat, Reading, Status
from tests.hub.alarms.scene import BOUND, MANHOLE, TEXTS, Scene, us

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
    ("act", st.sampled_from(["ack", "close", "ack", "shelve"]), st.integers(0, 5)),
)
_AGENT = ("birth", st.sampled_from([BOUND, BOUND[:1], (Binding("cover-1", "unheard_of"),)])), ("epoch",), ("will",)
_RARE = ("lift event", _lift_event, _behind), ("step", st.sampled_from([-120, -7, 7, 120])), ("text", st.booleans())


def _op(name: str, *arguments: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(name), st.sampled_from([0.0, 0.5, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 10.0, 70.0]), *arguments)


_ops = st.one_of(*(_op(*each) for each in (*_WORD, *_WORD[:2] * 4, *_HUB, *_AGENT, *_RARE)))
# hypothesis makes short lists unless it is told: few steps shrink well, many steps reach clears and closes
_plots = st.one_of(st.lists(_ops, min_size=1, max_size=12), st.lists(_ops, min_size=25, max_size=70))
stories = st.builds(lambda ops, born: tell(ops, born=born), _plots, st.booleans())


def tell(ops: list[tuple[Any, ...]], *, born: bool) -> Scene:
    """Return the scene of a story: each step is (name, seconds since the step before, arguments)."""
    scene = Scene(born=born)
    teller = _Teller(scene)
    for name, pause_s, *arguments in ops:
        teller.at_s += pause_s
        getattr(teller, name.replace(" ", "_"))(*arguments)
    return scene


class _Teller:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.at_s = 0.0  # at the hub
        self.skew_s = 0.0  # of the agent's clock
        self.agent_epoch = 7

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
            self.scene.act(act, at_s=self.at_s, rule=meant.rule, subject=meant.subject)

    def birth(self, devices: tuple[Binding, ...]) -> None:
        self._send(Status(self._made_us(0), self.agent_epoch, True, devices=devices), "status")

    def epoch(self) -> None:
        self.agent_epoch += 1
        self.birth(BOUND)

    def will(self) -> None:
        self.scene.will(at_s=self.at_s, epoch=self.agent_epoch)

    def step(self, step_s: float) -> None:
        if self.skew_s + step_s > 50:  # a clock further ahead is not believed, and that depends on the hub's time
            return
        self.skew_s += step_s
        self._send(ClockStep(self._made_us(0), round(step_s * 1_000_000)))

    def text(self, edited: bool) -> None:
        self.scene.text(EDITED if edited else TEXTS, at_s=self.at_s)
