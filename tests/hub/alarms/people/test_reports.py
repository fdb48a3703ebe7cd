"""A person's report is a fact: it opens a case, joins one, and may be a key of an asset's rule."""

import msgspec
import pytest

from device_profiles.errors import ConfigError
from hub.alarms.city.policy import parse_policy
from hub.alarms.transitions import Reason, Refusal, Transition
from tests.hub.alarms.scene import AREA, IN_ROAD, KEYED, LIFT, ON_ROAD, ROAD, Scene, us

OTHER = "hz/gongshu/wulin"
SHARED = f'''
[[assets]]
asset = "road-1"
areas = ["{AREA}", "{OTHER}"]
'''


def _road() -> Scene:
    scene = Scene(born=False, texts=KEYED)
    scene.birth(at_s=0, devices=ON_ROAD)
    scene.birth(at_s=0, devices=IN_ROAD, agent="a-2")
    return scene


def _report(scene: Scene, at_s: float, **more: object) -> list[Transition]:
    body = {"actor": "Zhao Li", "act": "report", "reason": "a hole in the road", "area": AREA} | more
    return scene.record("act", at_s, msgspec.json.encode(body))


def test_a_report_opens_a_case_that_a_person_closes() -> None:
    """Latched, minor, by name, with text and photograph; another one on the same asset joins it, by its own name."""
    scene = _road()
    photo = "ab" * 32
    (raised,) = _report(scene, 5, subject="road-1", photo=photo)
    alarm = raised.alarm
    assert (alarm.rule, alarm.severity, alarm.subject, alarm.asset) == ("person.report", "minor", ROAD, "road-1")
    assert (alarm.area, alarm.latched, alarm.sounded, alarm.agent, alarm.device) == (AREA, True, True, "", "")
    assert (raised.actor, raised.reason) == ("Zhao Li", Reason.ACT)
    assert raised.detail == f"a hole in the road photo sha256:{photo}"
    (joined,) = _report(scene, 9, subject="road-1", actor="Qian")
    assert (joined.kind, joined.actor, joined.alarm.id) == ("joined", "Qian", alarm.id)
    close = {"actor": "Sun", "act": "close", "alarm": alarm.id, "because": "inspected"}
    (closed,) = scene.record("act", 20, msgspec.json.encode(close))
    assert (closed.kind, closed.alarm.open) == ("closed", False)
    (again,) = _report(scene, 30, subject="road-1")
    assert again.alarm.previous == alarm.id


def test_reports_of_no_asset_are_cases_of_their_own() -> None:
    """Two people may mean two things."""
    scene = _road()
    first, second = (_report(scene, at_s)[0].alarm for at_s in (5, 6))
    assert first.subject != second.subject
    assert (first.asset, second.asset) == ("", "")


def test_a_report_is_one_of_two_keys() -> None:
    """With a tilted cover it is a collapse; alone, or of another kind, it is a case only; the order does not matter."""
    alone = _road()
    assert len(_report(alone, 5, subject="road-1", kind="person.reported_hole")) == 1
    assert [made.alarm.rule for made in alone.cover(6, tilt_deg=20)] == ["road.collapse"]
    scene = _road()
    scene.cover(5, tilt_deg=20)
    assert len(_report(scene, 6, subject="road-1", kind="person.complained")) == 1
    case, collapse = _report(scene, 7, subject="road-1", kind="person.reported_hole")
    assert (case.kind, collapse.kind, collapse.alarm.rule) == ("joined", "raised", "road.collapse")
    assert collapse.detail == "cover, report"
    assert collapse.alarm.severity == "life"


def test_a_report_opens_a_rule_of_a_single_device() -> None:
    """Named itself or by its asset: the alarm instead of a case, by the person's name; the device's event ends it."""
    for named in ({"device": "lift-7"}, {"subject": "asset-7"}):
        scene = Scene()
        (raised,) = _report(scene, 5, kind="lift.stuck_occupied", photo="ab" * 32, **named)
        alarm = raised.alarm
        assert (alarm.rule, alarm.subject, alarm.severity, alarm.sounded) == ("lift.entrapment", LIFT, "life", True)
        assert (raised.actor, raised.reason) == ("Zhao Li", Reason.ACT)
        assert raised.detail == f"a hole in the road [lift.stuck_occupied] photo sha256:{'ab' * 32}"
        (joined,) = scene.event("lift.stuck_occupied", 9)
        assert (joined.kind, joined.alarm.id) == ("joined", alarm.id)
        (joined,) = _report(scene, 10, kind="lift.stuck_occupied", actor="Qian", **named)
        assert (joined.kind, joined.actor, joined.reason) == ("joined", "Qian", Reason.EVENT_AGAIN)
        (cleared,) = scene.event("lift.released", 20, severity="info")
        assert (cleared.kind, cleared.alarm.id) == ("cleared", alarm.id)


def test_a_report_of_long_ago_is_recorded_and_not_sounded() -> None:
    """As an event would be; and one of what was over by then joins what has ended."""
    scene = Scene()
    (raised,) = _report(scene, 400, kind="lift.stuck_occupied", device="lift-7", t_us=us(10))
    assert (raised.alarm.sounded, raised.reason, raised.t_fact_us) == (False, Reason.EVENT_LATE, us(10))
    (sounded,) = _report(scene, 401, kind="lift.stuck_occupied", device="lift-7")
    assert (sounded.kind, sounded.actor, sounded.alarm.id) == ("sounded", "Zhao Li", raised.alarm.id)
    scene.event("lift.released", 410, severity="info")
    (joined,) = _report(scene, 420, kind="lift.stuck_occupied", device="lift-7", t_us=us(405))
    assert (joined.kind, joined.reason, joined.alarm.open) == ("joined", Reason.EVENT_BEFORE_CLEAR, False)


def test_a_report_of_a_device_without_such_a_rule_is_a_case_on_its_asset() -> None:
    """Whatever kind it is of, and of a device that nobody knows one of its own; never silence."""
    scene = Scene()
    (case,) = _report(scene, 5, kind="lift.painted", device="lift-7")
    assert (case.alarm.rule, case.alarm.subject) == ("person.report", "asset:asset-7")
    (case,) = _report(scene, 6, kind="lift.stuck_occupied", device="lift-9")
    assert (case.alarm.rule, case.alarm.subject.partition(":")[0]) == ("person.report", "report")
    assert _report(scene, 7, device="a/b") == []


def test_what_is_no_report_is_refused_and_counted() -> None:
    """Nobody's, of no place, of nothing, of a photograph that is no hash, of an asset with a colon."""
    scene = _road()
    assert _report(scene, 1, actor=" ") == []
    for wrong in ({"area": "hz"}, {"reason": " "}, {"photo": "x"}, {"subject": "a:b"}):
        assert _report(scene, 2, **wrong) == []
    assert scene.state.hub.refused[Refusal.ACT_NAMELESS] == 1
    assert scene.state.hub.refused[Refusal.ACT_UNKNOWN] == 4


def test_an_asset_of_several_areas_is_seen_in_each() -> None:
    """By the policy as it was when the alarm was raised; an alarm of no such asset is in its own area alone."""
    scene = _road()
    scene.text(KEYED, policy=SHARED)
    (case,) = _report(scene, 5, subject="road-1")
    assert (case.alarm.area, case.alarm.areas) == (AREA, (OTHER,))
    assert [case.alarm.within(area) for area in ("hz", "hz/gongshu", OTHER, AREA, "hz/gong", "sh")] == [
        *(True, True, True, True),
        *(False, False),
    ]
    (other,) = _report(scene, 6)
    assert other.alarm.areas == ()
    made = scene.cover(7, tilt_deg=20) + scene.beat(10)
    assert [each.alarm.areas for each in made if each.alarm.rule == "cover.tilted"] == [(OTHER,)]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (SHARED.replace("hz/gongshu/wulin", "hz/gongshu"), "assets[0].areas"),
        (SHARED + SHARED, "assets[1].asset"),
        (SHARED.replace("road-1", ""), "assets[0].asset"),
        (SHARED.replace("areas", "aras"), "aras"),
    ],
)
def test_a_fault_in_the_shared_assets_names_file_and_key(text: str, key: str) -> None:
    """A policy with errors is refused whole."""
    with pytest.raises(ConfigError) as error:
        parse_policy(text, file="policy.toml")
    assert "policy.toml" in str(error.value)
    assert key in str(error.value)
