"""An Alertmanager is told each alarm as it stands, in the words of its API v2."""

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from msgspec.structs import replace

from device_profiles.clock import Clock
from hub.alarms.transitions import Kind
from hub.channels.alertmanager import alert
from tests.hub.channels.listening import alarm, cleared, raised
from tests.hub.channels.receiving import Hook, Told, until
from tests.hub.made import T0_US
from tests.servers import free_port, wait_for_port

Tell = Callable[[str], Told]
DATA = Path(os.environ.get("CITYNERVE_DATA", Path(__file__).parents[4] / "shared" / "data"))
API = DATA / "conformance/alertmanager/openapi.yaml"
PROGRAM = shutil.which("prometheus-alertmanager")


def config(url: str) -> str:
    """Return the config of a receiver."""
    return f'[[receivers]]\nname = "am"\nchannel = "alertmanager"\nurl = "{url}"\npause = "300ms"\n'


def base(hook: Hook) -> str:
    """Return where a hook pretends to be an Alertmanager."""
    return hook.receiver.url.removesuffix("/alarms")


def posted(hook: Hook) -> list[list[dict[str, Any]]]:
    """Return what was posted."""
    return [msgspec.json.decode(call.body) for call in hook.receiver.calls]


def test_an_alarm_has_the_same_labels_all_its_life(hook: Hook, tell: Tell) -> None:
    """They identify it; it begins and ends when we say so, and no time-out of theirs ends it."""
    told = tell(config(base(hook)))
    told.commit(raised(1))
    told.commit(raised(2, kind=Kind.STALE))
    told.commit(cleared(3))
    until(lambda: told.states("am") == ["delivered"] * 3)
    assert {call.path for call in hook.receiver.calls} == {"/api/v2/alerts"}
    (first,), (second,), (last,) = posted(hook)
    assert first["labels"] == second["labels"] == last["labels"]
    assert (first["labels"]["alertname"], first["labels"]["severity"]) == ("lift.entrapment", "life")
    days = (_time(first["endsAt"]) - _time(first["startsAt"])).days
    assert days >= 365
    assert _time(last["endsAt"]) < _time(first["endsAt"])


@pytest.mark.skipif(not API.is_file(), reason=f"API description is not there: {API} (CITYNERVE_DATA)")
def test_an_alert_is_what_the_api_asks_for() -> None:
    """Every required property of postableAlert, none that it does not know, and labels that are text."""
    api = yaml.safe_load(API.read_text(encoding="utf-8"))
    parts = api["definitions"]["postableAlert"]["allOf"]
    names = {name for part in parts for name in part.get("properties", ())} | set(
        api["definitions"]["alert"]["properties"]
    )
    required = {name for part in parts for name in part.get("required", ())} | set(
        api["definitions"]["alert"]["required"]
    )
    for one in (alarm(), alarm(device="", asset="", stale=True), alarm(t_cleared_us=T0_US)):
        made = alert(one, hub="x", t_us=T0_US + 9_000_000)
        assert required <= made.keys() <= names
        for texts in (made["labels"], made["annotations"]):
            assert isinstance(texts, dict)
            assert all(isinstance(value, str) and name.isidentifier() for name, value in texts.items())
        assert "" not in made["labels"].values()  # type: ignore[union-attr]
        assert _time(str(made["startsAt"])) < _time(str(made["endsAt"]))


def test_a_list_is_one_post(hook: Hook, tell: Tell) -> None:
    """Twelve alarms that came while it was away, each once, as it stands."""
    hook.away()
    told = tell(config(base(hook)))
    made = [raised(n, number=n) for n in range(1, 13)] + [cleared(20, number=1)]
    told.commit(*(replace(each, alarm=replace(each.alarm, severity="minor")) for each in made))
    until(lambda: told.rows("am") and max(row.attempts for row in told.rows("am")) >= 3)
    hook.back()
    until(lambda: told.states("am") == ["delivered"] * 13)
    (alerts,) = posted(hook)
    assert len({each["labels"]["alarm"] for each in alerts}) == len(alerts) == 12


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[str]:
    """Run Debian's Alertmanager."""
    if PROGRAM is None:
        pytest.skip("prometheus-alertmanager is not installed: apt-get install prometheus-alertmanager")
    port = free_port()
    (tmp_path / "am.yml").write_text("route:\n  receiver: nobody\nreceivers:\n- name: nobody\n", encoding="utf-8")
    arguments = [
        f"--config.file={tmp_path / 'am.yml'}",
        f"--storage.path={tmp_path / 'am'}",
        "--cluster.listen-address=",
    ]
    with (tmp_path / "am.log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, *arguments, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
    wait_for_port(port, process)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def test_the_real_one_shows_what_is_open(alertmanager: str, tell: Tell) -> None:
    """Debian's Alertmanager lists the open alarm, and not the one that has ended."""
    told = tell(config(alertmanager))
    now_us = Clock().wall_us()  # its clock is the real one
    for made in (raised(1), raised(2, number=2), cleared(3, number=2)):
        told.commit(replace(made, t_us=now_us, alarm=replace(made.alarm, t_raised_us=now_us - 1_000_000)))
    until(lambda: told.states("am") == ["delivered"] * 3)

    def active() -> list[str]:
        with urllib.request.urlopen(f"{alertmanager}/api/v2/alerts") as answer:
            return [each["labels"]["alarm"] for each in msgspec.json.decode(answer.read())]

    until(lambda: active() == ["alarm-1"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
