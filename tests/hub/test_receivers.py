"""The whole hub with receivers: a fact is told, a dead receiver is an alarm at the others, and all of it is shown."""

from pathlib import Path

import msgspec

from simulators.receivers.webhook import Manner
from tests.hub.channels.receiving import Hook, until
from tests.hub.rig import AgentSide, HubProcess, event, pack
from tests.servers import Mosquitto


def test_a_receiver_that_is_dead_is_an_alarm_at_the_others(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """Told at one, refused by the other; the alarm of that is told at the first and decided the same in a replay."""
    well, stubborn = Hook(), Hook(Manner.REFUSES)
    more = well.toml() + stubborn.toml(name="stubborn")
    hub = HubProcess(tmp_path / "hub", mosquitto.url)
    hub.config.write_text(hub.config.read_text(encoding="utf-8") + more, encoding="utf-8")
    hub.ask("check")
    hub.start()
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(1, "event", event()))
        until(lambda: len(well.receiver.taken) >= 2)
    told = [msgspec.json.decode(call.body)["data"]["rule"] for call in well.receiver.taken.values()]
    assert told[:2] == ["lift.entrapment", "receiver.dead"]
    (dead,) = [alarm for alarm in hub.alarms(open_only=True) if alarm["rule"] == "receiver.dead"]
    assert (dead["subject"], dead["severity"]) == ("receiver:stubborn", "critical")
    shown = msgspec.json.decode(hub.ask("deliveries", "--json"))
    assert {(each["receiver"], each["state"]) for each in shown["deliveries"] if each["rule"] == "lift.entrapment"} == {
        ("hook", "delivered"),
        ("stubborn", "failed"),
    }
    assert "refused" in hub.ask("deliveries", "--failed", code=1)
    stubborn.receiver.manner = Manner.WELL
    with AgentSide(mosquitto.url, tmp_path) as agent:
        agent.send(pack(2, "event", msgspec.structs.replace(event(), device="lift-08")))
        until(lambda: len(well.receiver.taken) >= 4)
    assert "receiver.dead" not in [alarm["rule"] for alarm in hub.alarms(open_only=True)]
    assert hub.stop() == 0
    hub.ask("replay")
    well.close()
    stubborn.close()
