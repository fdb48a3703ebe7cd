"""An Alertmanager is told each alarm as it stands, in the words of its API v2."""

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
from hub.alarms.transitions import Kind, Transition
from hub.channels.ways.alertmanager import alert
from tests.hub.channels.listening import alarm, cleared, raised
from tests.hub.channels.receiving import Hook, Told, until
from tests.hub.made import T0_US
from tests.real_data import DATA
from tests.servers import free_port, need, wait_for_port

Tell = Callable[[str], Told]
API = DATA / "conformance/alertmanager/openapi.yaml"


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
    alerts = posted(hook)[0]
    assert len({each["labels"]["alarm"] for each in alerts}) == len(alerts) == 12


def test_what_is_open_is_told_again_and_again(hook: Hook, tell: Tell) -> None:
    """As Prometheus does: each open alarm as it was told last, what has ended no more; the outbox stays as it is."""
    told = tell(config(base(hook)) + 'resend = "200ms"\n')
    told.commit(raised(1), raised(2, number=2), replace(minor(3), alarm=replace(minor(3).alarm, sounded=False)))
    until(lambda: told.states("am").count("delivered") == 2)
    told.commit(cleared(4, number=2))
    until(lambda: told.states("am").count("delivered") == 3)
    seen = len(posted(hook))
    until(lambda: len(posted(hook)) > seen + 3)
    again = posted(hook)[seen + 1 :]
    assert {each["labels"]["alarm"] for alerts in again for each in alerts} == {"alarm-1"}
    assert all(alerts == posted(hook)[0] for alerts in again)
    assert [row.attempts for row in told.rows("am")] == [0, 0, 0, 0]
    assert len(told.notices("am")) == 3


def test_many_are_told_again_in_lists(hook: Hook, tell: Tell) -> None:
    """At most ``longest`` in one, so that what is new need not wait for all of them; then from the beginning."""
    told = tell(config(base(hook)) + 'resend = "200ms"\nlongest = 4\nburst = 20\n')
    told.commit(*(minor(number) for number in range(1, 10)))
    until(lambda: told.states("am") == ["delivered"] * 9)
    seen = len(posted(hook))
    until(lambda: len(posted(hook)) >= seen + 12)
    sizes = [len(alerts) for alerts in posted(hook)[seen:]]
    begin = sizes.index(1) + 1  # the first round may have begun before all were seen to be delivered
    assert sizes[begin : begin + 6] == [4, 4, 1, 4, 4, 1]


def test_one_that_comes_back_is_told_at_once(hook: Hook, tell: Tell) -> None:
    """It may have lost what it knew: what was told before is not waited for until it is due."""
    told = tell(config(base(hook)) + 'resend = "1h"\n')
    told.commit(minor(1))
    until(lambda: told.states("am") == ["delivered"])
    hook.away()
    told.commit(minor(2))
    until(lambda: len(told.rows("am")) == 2 and told.rows("am")[1].attempts >= 3)
    hook.back()
    until(lambda: {"alarm-1", "alarm-2"} == {each["labels"]["alarm"] for each in posted(hook)[-1]})


class Alertmanager:
    """Debian's Alertmanager on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self._program = need("prometheus-alertmanager")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._lives = 0

    def start(self) -> None:
        """Begin with nothing known, as after a lost disk."""
        self._lives += 1
        (self._folder / "am.yml").write_text("route:\n  receiver: nobody\nreceivers:\n- name: nobody\n", "utf-8")
        storage = self._folder / f"am-{self._lives}"
        arguments = [f"--config.file={self._folder / 'am.yml'}", f"--storage.path={storage}"]
        arguments += ["--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{self.port}"]
        with (self._folder / "am.log").open("ab") as log:
            self._process = subprocess.Popen([self._program, *arguments], stdout=log, stderr=log)
        wait_for_port(self.port, self._process)

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait(10)

    def active(self) -> list[str]:
        """Return the alarms that it shows."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts") as answer:
            return [each["labels"]["alarm"] for each in msgspec.json.decode(answer.read())]


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Alertmanager]:
    """Run Debian's Alertmanager."""
    made = Alertmanager(tmp_path)
    made.start()
    yield made
    made.kill()


def test_the_real_one_shows_what_is_open(alertmanager: Alertmanager, tell: Tell) -> None:
    """Debian's lists the open alarm, and not the one that has ended; also after a SIGKILL that took all it knew."""
    told = tell(config(alertmanager.url) + 'resend = "500ms"\n')
    now_us = Clock().wall_us()  # its clock is the real one
    for made in (raised(1), raised(2, number=2), cleared(3, number=2)):
        told.commit(replace(made, t_us=now_us, alarm=replace(made.alarm, t_raised_us=now_us - 1_000_000)))
    until(lambda: told.states("am") == ["delivered"] * 3)
    until(lambda: alertmanager.active() == ["alarm-1"])
    alertmanager.kill()
    alertmanager.start()
    until(lambda: alertmanager.active() == ["alarm-1"])


def minor(number: int) -> Transition:
    """Return the beginning of an alarm that is none of life-safety."""
    made = raised(number, number=number)
    return replace(made, alarm=replace(made.alarm, severity="minor"))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
