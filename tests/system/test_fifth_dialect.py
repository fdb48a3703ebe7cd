"""A fifth dialect is one TOML file: a real agent takes it over HTTP, and the hub's rules find the entrapment."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

from device_profiles.profile import BUILT_IN
from device_profiles.wire import Event, Reading, Status, encode
from hub.alarms.engine import fold
from hub.alarms.state import State
from hub.alarms.transitions import Kind, Transition
from hub.journal.records import Record
from tests.edge_agent.agents import AgentProcess
from tests.edge_agent.listener import ADDRESS, Listener, listening
from tests.edge_agent.sources.platforms.rig import config
from tests.servers import Mosquitto, free_port

DIALECT = """extends = "lift_platform"

[dialects.binjiang]
title = "Upside down: doors count down, people are letters, an entrapment is TRAP"
id = "lift.no"
keep_alive = "15s"
time = { at = "at", unit = "text", zone = "+08:00" }

[dialects.binjiang.values]
car_moving = { at = "lift.car", codes = { go = true, stand = false } }
door_zone = { at = "lift.zone", codes = { off = false, on = true } }
door_closed = { at = "lift.doors[0]", codes = { 9 = true, 5 = false } }
passenger = { at = "lift.who", codes = { A = true, N = false }, unknown = ["?"] }
service_mode = { at = "lift.mode", codes = { auto = 1, fix = 2, fire = 3 } }
fault_code = { at = "lift.err", codes = { TRAP = 100, BELL = 90, "" = 0 } }
"""
CODE = "33010200001234567890"
PLATFORM = """profiles = ["kinds"]

[[platforms]]
kind = "http"
name = "platform-binjiang"
dialect = "binjiang"
listen = "127.0.0.1:{port}"

[platforms.devices.{code}]
device = "lift-01"
asset = "LIFT-01"
"""


def _message(ago_s: float, **changes: object) -> dict[str, object]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - ago_s + 8 * 3_600))
    lift = {"no": CODE, "car": "stand", "zone": "off", "doors": [9], "who": "A", "mode": "auto", "err": []}
    return {"at": when, "lift": lift | changes}


def _post(port: int, document: object) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/", data=json.dumps(document).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def _alarms(hub: Listener) -> list[Transition]:
    """Fold what was heard as a hub's journal would hold it."""
    text = (BUILT_IN / "lift_platform.toml").read_text(encoding="utf-8")
    body = json.dumps({"profiles": {"lift_platform": {"text": text}}}).encode()
    state, made = State(), []
    records = [Record(1, 0, "text", "", 0, "", None, body)]
    for lane in ("status", "reading", "event"):
        for pack in sorted(hub.lane(lane), key=lambda pack: pack.seq or 0):  # type: ignore[arg-type]
            offset = len(records) + 1
            agent = str(ADDRESS)
            records.append(Record(offset, pack.sent_us, "pack", agent, pack.epoch, lane, pack.seq, encode(pack)))
    for record in records:
        made += fold(state, record)
    return made


def _reading(hub: Listener, **values: object) -> bool:
    readings = [fact for fact in hub.facts("reading") if isinstance(fact, Reading) and fact.device == "lift-01"]
    return any(values.items() <= fact.values.items() for fact in readings)


def test_a_fifth_dialect_is_one_toml_file(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """No Python: the platform's words come out canonical, raw codes beside; stuck for 20 s is lift.entrapment."""
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "binjiang.toml").write_text(DIALECT, encoding="utf-8")
    port = free_port()
    path = config(tmp_path, "", url=mosquitto.url)
    platform = PLATFORM.format(port=port, code=CODE)
    path.write_text(path.read_text(encoding="utf-8").replace("\n[broker]", platform.partition("\n")[0] + "\n\n[broker]")
                    + platform.partition("\n")[2], encoding="utf-8")  # fmt: skip
    with listening(mosquitto.url) as hub:
        agent = AgentProcess(path)
        try:
            agent.wait_for("listening on")
            assert _post(port, _message(26))[0] == 200
            assert _post(port, _message(15, err=["WHAT"]))[0] == 200
            assert _post(port, _message(2))[0] == 200
            assert _post(port, _message(0) | {"at": "never"}) == (
                400,
                {"error": {"reason": "bad_time", "message": "the time is 'never'", "registration_code": CODE},
                 "refused": [{"reason": "bad_time", "message": "the time is 'never'", "registration_code": CODE}]},
            )  # fmt: skip
            hub.wait(lambda: _reading(hub, fault_code=None, fault_code_raw="WHAT", unknown_codes=1))
            hub.wait(lambda: _reading(hub, fault_code=0, fault_code_raw=""))
            hub.wait(lambda: len(hub.facts("event")) >= 2)
        finally:
            assert agent.stop() == 0
    told = {(fact.device, fact.kind) for fact in hub.facts("event") if isinstance(fact, Event)}
    assert told == {("lift-01", "device.unknown_code"), ("platform-binjiang", "platform.refused")}
    births = [fact for fact in hub.facts("status") if isinstance(fact, Status)]
    assert "lift_platform.binjiang" in births[0].profiles
    alarms = [made.alarm for made in _alarms(hub) if made.alarm is not None and made.kind is Kind.RAISED]
    raised = [(alarm.rule, alarm.subject) for alarm in alarms if alarm.rule != "agent.offline"]  # we ended it
    assert raised == [("lift.entrapment", f"{ADDRESS.area}/lift-01")]
