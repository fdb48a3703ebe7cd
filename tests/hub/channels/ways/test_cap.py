"""CAP 1.2 messages that others can validate, order and take back."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from device_profiles.profile import load_profiles
from device_profiles.wire import SEVERITIES
from hub.alarms.people.reports import PERSON_REPORT
from hub.alarms.rulebook.rules import EPOCH_BACK, OFFLINE, SILENT, TWO_SESSIONS
from hub.alarms.transitions import KeySeen, Kind, Reason, Transition
from hub.alarms.words import RECEIVER_DEAD
from hub.channels.notice import Told as Earlier
from hub.channels.receivers import CapReceiver
from hub.channels.ways.cap_message import NAMESPACE, cap_message, cap_time
from hub.channels.ways.cap_words import TITLES_ZH, title_zh
from tests.hub.channels.listening import alarm, cleared, raised
from tests.hub.channels.receiving import Hook, Told, until
from tests.hub.made import AREA, T0_US
from tests.real_data import DATA

Tell = Callable[[str], Told]
XSD = DATA / "conformance/cap/schema/cap12.xsd"
needs_schema = pytest.mark.skipif(not XSD.is_file(), reason=f"schema is not there: {XSD} (CITYNERVE_DATA)")
CAP = CapReceiver(name="cap", sender="hub-x@city.example", folder="cap")


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """Return the OASIS schema."""
    return etree.XMLSchema(etree.parse(XSD))


def message(made: Transition, *, earlier: tuple[Earlier, ...] = (), receiver: CapReceiver = CAP) -> etree._Element:
    """Return the message about a change."""
    return etree.fromstring(cap_message(made, receiver=receiver, hub="x", earlier=earlier, made_us=T0_US))


def text(element: etree._Element, path: str) -> str | None:
    """Return the text of the first element at a path."""
    return element.findtext("/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/")))


@needs_schema
def test_every_kind_and_severity_is_valid(schema: etree.XMLSchema) -> None:
    """Raised, told again, over: in all severities, statuses and scopes."""
    told = (Earlier("1-0", T0_US), Earlier("2-0", T0_US + 5))
    for severity in SEVERITIES:
        for status, scope in (("Actual", "Public"), ("Exercise", "Restricted"), ("Test", "Restricted")):
            receiver = replace(CAP, status=status, scope=scope)
            for made, earlier in ((raised(1), ()), (raised(3, kind=Kind.REMINDED), told), (cleared(4), told)):
                keys = (KeySeen("hole", "a/b/c/d", T0_US, (30.25, 120.16)),)
                one = replace(
                    made, alarm=replace(made.alarm, severity=severity, keys=keys, evidence={"d": {"clip": "off"}})
                )
                schema.assertValid(message(one, earlier=earlier, receiver=receiver))


@needs_schema
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(title=st.text(), detail=st.text(), t_us=st.integers(0, 4_000_000_000_000_000))
def test_whatever_a_device_says_is_valid(schema: etree.XMLSchema, title: str, detail: str, t_us: int) -> None:
    """Titles and details of any characters, and any time."""
    made = replace(raised(1), detail=detail, t_us=t_us, alarm=alarm(title=title, t_fact_us=t_us))
    schema.assertValid(message(made))


def test_the_identity_is_sender_identifier_sent() -> None:
    """UTC is written -00:00, in whole seconds; the words that OASIS asks for are there."""
    found = message(raised(1))
    assert text(found, "identifier") == "x-1-0"
    assert text(found, "sender") == "hub-x@city.example"
    assert text(found, "sent") == "2025-11-20T00:53:20-00:00" == cap_time(T0_US)
    assert (text(found, "status"), text(found, "msgType"), text(found, "scope")) == ("Actual", "Alert", "Restricted")
    info = found.findall(f"{{{NAMESPACE}}}info")
    assert [text(each, "language") for each in info] == ["zh-CN", "en"]
    assert [text(each, "event") for each in info] == ["电梯困人", "Passenger trapped in a lift"]
    assert (text(info[0], "category"), text(info[0], "area/areaDesc")) == ("Rescue", "hz/xiacheng/chaoming")


@pytest.mark.parametrize(
    ("severity", "words"),
    [
        ("life", ("Immediate", "Extreme", "Observed")),
        ("critical", ("Immediate", "Severe", "Observed")),
        ("major", ("Expected", "Moderate", "Observed")),
        ("minor", ("Future", "Minor", "Observed")),
        ("info", ("Unknown", "Unknown", "Observed")),
    ],
)
def test_severities_are_mapped_as_documented(severity: str, words: tuple[str, str, str]) -> None:
    """Urgency, severity and certainty; what is over is past, what is guessed only possible, what is stale likely."""
    found = message(replace(raised(1), alarm=alarm(severity=severity)))
    assert tuple(text(found, f"info/{name}") for name in ("urgency", "severity", "certainty")) == words
    assert text(message(replace(cleared(1), alarm=alarm(t_cleared_us=T0_US))), "info/urgency") == "Past"
    assert text(message(replace(raised(1), alarm=alarm(reason=Reason.SILENCE))), "info/certainty") == "Possible"
    assert text(message(replace(raised(1), alarm=alarm(stale=True))), "info/certainty") == "Likely"


def test_a_sites_alarm_says_where_its_keys_stand_and_what_was_kept() -> None:
    """A circle round each, the digests as parameters; one sign alone is possible, no more."""
    keys = (KeySeen("ground", f"{AREA}/gs-1", T0_US), KeySeen("hole", f"{AREA}/cam-1-a", T0_US, (30.25, 120.16)))
    about = alarm(keys=keys, evidence={f"{AREA}/cam-1-a": {"before": "ab" * 32}})
    found = message(replace(raised(1), alarm=about))
    assert text(found, "info/area/circle") == "30.250000,120.160000 0.03"
    kept = [
        text(each, "value")
        for each in found.iterfind(f".//{{{NAMESPACE}}}parameter")
        if text(each, "valueName") == "evidence"
    ]
    assert set(kept) == {f"{AREA}/cam-1-a before:{'ab' * 32}"}
    assert text(message(replace(raised(1), alarm=alarm(reason=Reason.ONE_KEY))), "info/certainty") == "Possible"


def test_every_life_rule_has_a_title_in_chinese_and_english() -> None:
    """Of the built-in profiles, and what the hub says of itself; a rule of one's own keeps its title behind a word."""
    rules = [rule for profile in load_profiles().values() for rule in profile.spec.alarms if rule.severity == "life"]
    own = (SILENT, OFFLINE, EPOCH_BACK, TWO_SESSIONS, PERSON_REPORT, RECEIVER_DEAD)
    assert rules
    assert [rule.rule for rule in rules if not re.fullmatch(r"[ -~]+", rule.title)] == []
    for name in (*(rule.rule for rule in rules), *own):
        assert re.search(r"[\u4e00-\u9fff]", TITLES_ZH[name])
    assert title_zh(alarm(rule="wall.leans"), {}) == "人身安全告警：Passenger trapped in a lift"
    assert title_zh(alarm(), {"lift.entrapment": "有人被困"}) == "有人被困"


@needs_schema
def test_a_life_in_files(tell: Tell, tmp_path: Path, schema: etree.XMLSchema) -> None:
    """Alert, Update that refers to it, Cancel that refers to both: whole files that validate."""
    told = tell('[[receivers]]\nname = "cap"\nchannel = "cap"\nsender = "s@c"\nfolder = "out/cap"\n')
    told.commit(raised(1))
    told.commit(raised(2, kind=Kind.REMINDED))
    told.commit(cleared(3))
    until(lambda: told.states("cap") == ["delivered"] * 3)
    files = sorted((tmp_path / "out/cap").iterdir())
    assert [path.name for path in files] == ["x-1-0.xml", "x-2-0.xml", "x-3-0.xml"]
    found = [etree.parse(path).getroot() for path in files]
    for each in found:
        schema.assertValid(each)
    assert [text(each, "msgType") for each in found] == ["Alert", "Update", "Cancel"]
    first, second = (f"s@c,{text(each, 'identifier')},{text(each, 'sent')}" for each in found[:2])
    assert [text(each, "references") for each in found] == [None, first, f"{first} {second}"]


def test_a_list_is_each_alarm_as_it_stands(hook: Hook, tell: Tell) -> None:
    """CAP has no lists: after an outage one message for each alarm, and references only to what was ever sent."""
    hook.away()
    told = tell(
        f'[[receivers]]\nname = "cap"\nchannel = "cap"\nsender = "s@c"\nurl = "{hook.receiver.url}"\npause = "300ms"\n'
    )
    made = [raised(1), raised(2, number=2), raised(3, kind=Kind.REMINDED), cleared(4, number=2)]
    told.commit(*(replace(each, alarm=replace(each.alarm, severity="major")) for each in made))
    until(lambda: told.rows("cap") and max(row.attempts for row in told.rows("cap")) >= 3)
    hook.back()
    until(lambda: told.states("cap") == ["delivered"] * 4)
    last = cleared(5)
    told.commit(replace(last, alarm=replace(last.alarm, severity="major")))
    until(lambda: told.states("cap") == ["delivered"] * 5)
    found = [etree.fromstring(call.body) for call in hook.receiver.calls]
    assert [text(each, "identifier") for each in found] == ["x-3-0", "x-4-0", "x-5-0"]
    assert [text(each, "msgType") for each in found] == ["Alert", "Alert", "Cancel"]
    assert [text(each, "info/urgency") for each in found] == ["Expected", "Past", "Past"]
    assert text(found[2], "references") == f"s@c,x-3-0,{text(found[0], 'sent')}"
    assert {call.headers["content-type"] for call in hook.receiver.calls} == {"application/cap+xml; charset=utf-8"}


def test_a_folder_that_takes_no_file_is_tried_again(tell: Tell, tmp_path: Path) -> None:
    """A file in the folder's place: nothing is lost until somebody clears the way."""
    (tmp_path / "out").write_text("in the way", encoding="utf-8")
    told = tell('[[receivers]]\nname = "cap"\nchannel = "cap"\nsender = "s@c"\nfolder = "out"\npause = "300ms"\n')
    told.commit(raised(1))
    until(lambda: told.rows("cap") and told.rows("cap")[0].attempts >= 1)
    assert told.rows("cap")[0].reason == "no_room"
    (tmp_path / "out").unlink()
    until(lambda: told.states("cap") == ["delivered"])
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x-1-0.xml"]
