"""The short way: a play is polled by hand, a real desk judges, the hub's engine decides; no process, no wire."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from device_profiles.wire import Binding, Fact, Lane
from edge_agent.config import load_config
from edge_agent.desk import Desk
from edge_agent.sample import Sample
from hub.alarms.transitions import Transition
from simulators.play.play import Play
from simulators.stage.settings import BrokerPlace, Secret, agent_toml
from tests.hub.alarms.scene import T0_US, Scene
from tests.simulators.play.play_clock import PlayClock

POLL_US = 500_000
BEAT_US = 1_000_000


class ShortWay:
    """The lifts of ``play`` that have a terminal on a line, one desk and one engine. Is its desk's keeper too."""

    def __init__(self, play: Play, folder: Path) -> None:
        self.gaps = self.forgotten = 0
        self.scene = Scene(born=False)
        self._play = play
        scenario = play.scenario
        place = BrokerPlace("none", "127.0.0.1", 1883, agents={scenario.agent: Secret()})
        config = folder / "agent.toml"
        text = agent_toml(scenario, place, agent=scenario.agent, line=folder / "line", tap_port=1883)
        config.write_text(text, encoding="utf-8")
        loaded = load_config(config)
        self._desk = Desk(loaded, self, states={}, clock=PlayClock(play, T0_US))
        self._devices = [binding.device for binding in loaded.config.bindings]
        bindings = tuple(Binding(each.device, each.profile, each.asset) for each in loaded.config.bindings)
        self.scene.birth(at_s=0, devices=bindings)

    def run(self) -> list[Transition]:
        """Play to the end; return what the hub would tell."""
        for t_us in range(POLL_US, self._play.ends_us, POLL_US):
            self._play.advance(t_us)
            for device in self._devices:
                self._desk.take(Sample(device, T0_US + self._play.t_us, self._values(device)))
            if t_us % BEAT_US == 0:
                self._desk.beat()
                self.scene.tick(t_us / 1e6)
        return self.scene.made

    def put(self, facts: Mapping[Lane, Sequence[Fact]], *, states: Mapping[str, bytes] | None = None) -> None:
        """Hand facts to the engine."""
        del states
        for lane, some in facts.items():
            self.scene.pack(*some, at_s=self._play.t_us / 1e6, lane=lane)

    def reading_lane(self) -> Lane:
        """Return the ordinary lane."""
        return "reading"

    def _values(self, device: str) -> dict[str, int | float | bool | str | None]:
        values = self._play.lifts[device].values()
        return {**values, "power_mains": int(bool(values["power_mains"]))}
