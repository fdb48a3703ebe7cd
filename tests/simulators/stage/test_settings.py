"""The config of each street node of a scenario: its own lifts, and nobody else's."""

import tomllib
from pathlib import Path

from simulators.play.loading import load_scenarios
from simulators.stage.settings import BrokerPlace, Secret, agent_toml, hub_toml


def test_each_agent_serves_its_own_lines_and_boxes() -> None:
    """Every lift that is on a line or has a box is in one agent's config, once; who is pushed is in none."""
    day = load_scenarios()["lift-city-day"]
    place = BrokerPlace("broker", "127.0.0.1", 1883, agents=dict.fromkeys(day.addresses, Secret()))
    served: list[str] = []
    for agent in day.addresses:
        text = agent_toml(day, place, agent=agent, line=Path("line"), tap_port=1884)
        config = tomllib.loads(text)
        assert config["agent"] == agent
        mine = [slave["device"] for line in config.get("lines", []) for slave in line["slaves"]]
        mine += [box["device"] for box in config.get("boxes", [])]
        assert mine == [lift.device for lift in day.served_by(agent) if lift.device in mine]
        served += mine
    assert sorted(served) == sorted({lift.device for lift in day.lifts} - day.pushed)


def test_a_hub_archives_in_the_influxdb_of_its_stage() -> None:
    """Where there is one; else the hub's own default holds."""
    place = BrokerPlace("broker", "127.0.0.1", 1883)
    config = tomllib.loads(hub_toml(place, influx_url="http://127.0.0.1:8086"))
    assert config["archive"] == {"kind": "influx", "url": "http://127.0.0.1:8086"}
    assert config["broker"]["url"] == "mqtt://127.0.0.1:1883"
    assert "archive" not in tomllib.loads(hub_toml(place))
