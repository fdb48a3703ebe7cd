"""Alarms are put aside for a bounded time, by a name and for a reason; life-safety needs two people."""

import pytest

from hub.alarms.transitions import Kind, Reason, Refusal
from tests.hub.alarms.scene import LIFT, T0_US, TEXTS, Scene

HOUR_US = 3_600_000_000
TILTED = "cover.tilted"
TRAPPED = "lift.entrapment"


def tilted(*, policy: str = "") -> Scene:
    """Return a scene with an open minor matter."""
    scene = Scene()
    scene.text(TEXTS, policy=policy)
    scene.tick(0)
    scene.cover(1, tilt_deg=20)
    scene.beat(3)
    assert scene.alarm(TILTED) is not None
    return scene


def refused(scene: Scene) -> set[Refusal]:
    """Return why acts changed nothing."""
    return set(scene.state.hub.refused)


def test_a_timed_shelf_ends_by_the_tick_and_calls_again() -> None:
    """While it is shelved the alarm stands in the list with its flag and calls nobody."""
    scene = tilted()
    (shelved,) = scene.act("shelve", at_s=5, rule=TILTED, because="nuisance", for_us=HOUR_US)
    assert (shelved.kind, shelved.actor, shelved.because) == (Kind.SHELVED, "li", "nuisance")
    assert shelved.alarm.shelved
    assert shelved.alarm.open
    assert not shelved.calls
    assert [made.kind for made in scene.tick(3604)] == [Kind.STALE]
    (back,) = scene.tick(3605)
    assert (back.kind, back.reason, back.calls) == (Kind.UNSHELVED, Reason.SHELF_EXPIRED, True)


def test_the_next_occurrence_on_a_shelf_is_quiet_too() -> None:
    """Until the time is up; what is shelved for one occurrence calls with the next."""
    for for_us, quiet in ((HOUR_US, True), (None, False)):
        scene = tilted()
        scene.act("shelve", at_s=5, rule=TILTED, because="known_fault", for_us=for_us)
        scene.cover(100, tilt_deg=1)
        scene.beat(110)
        scene.cover(200, tilt_deg=20)
        (raised,) = scene.beat(210)
        assert (raised.kind, raised.alarm.shelved, raised.calls) == (Kind.RAISED, quiet, not quiet)


@pytest.mark.parametrize("for_us", [0, -1, 9 * HOUR_US])
def test_nobody_shelves_for_longer_than_the_policy_lets(for_us: int) -> None:
    """Eight hours unless the city says otherwise."""
    scene = tilted()
    assert scene.act("shelve", at_s=5, rule=TILTED, because="nuisance", for_us=for_us) == []
    assert refused(scene) == {Refusal.ACT_TOO_LONG}
    scene = tilted(policy='shelving = { longest = "12h" }')
    assert len(scene.act("shelve", at_s=5, rule=TILTED, because="nuisance", for_us=9 * HOUR_US)) == 1


def test_a_shelf_needs_a_reason() -> None:
    """Out of service too."""
    scene = tilted()
    assert scene.act("shelve", at_s=5, rule=TILTED, for_us=HOUR_US) == []
    assert scene.act("out_of_service", at_s=6, rule=TILTED) == []
    assert refused(scene) == {Refusal.ACT_UNKNOWN}


def test_life_safety_needs_two_people() -> None:
    """The first one's word shelves nothing, is told, and lapses; the same person twice is one person."""
    scene = Scene()
    scene.ticks(1, 10)
    scene.event("lift.stuck_occupied", 10)

    def shelve(at_s: float, actor: str) -> list[Kind]:
        made = scene.act("shelve", at_s=at_s, rule=TRAPPED, subject=LIFT, actor=actor, because="test", for_us=HOUR_US)
        return [each.kind for each in made]

    assert shelve(11, "li") == [Kind.SHELVE_ASKED]
    alarm = scene.alarm(TRAPPED, LIFT)
    assert alarm is not None
    assert not alarm.shelved
    assert shelve(12, "li ") == []
    assert refused(scene) == {Refusal.ACT_BY_SAME}
    scene.tick(700)
    assert shelve(701, "wang") == [Kind.SHELVE_ASKED]
    assert shelve(702, "li") == [Kind.SHELVED]
    shelf = scene.state.occurrences[LIFT][TRAPPED].shelf
    assert shelf is not None
    assert {shelf.actor, shelf.second} == {"li", "wang"}


def test_out_of_service_stays_until_somebody_ends_it() -> None:
    """No tick ends it, and an alarm that is raised meanwhile calls nobody."""
    scene = tilted()
    (out,) = scene.act("out_of_service", at_s=5, rule=TILTED, because="maintenance")
    assert out.alarm.out_of_service
    assert not out.calls
    assert Kind.IN_SERVICE not in {made.kind for made in scene.tick(100_000)}
    (back,) = scene.act("in_service", at_s=100_001, rule=TILTED)
    assert (back.kind, back.alarm.out_of_service) == (Kind.IN_SERVICE, False)


def test_an_acknowledgement_is_a_lease() -> None:
    """It has an owner and an end; the owner renews it, nobody else takes it, and when it lapses it calls again."""
    scene = tilted(policy='lease = "10m"')
    (acked,) = scene.act("ack", at_s=5, rule=TILTED, eta_us=T0_US + 300_000_000)
    assert (acked.alarm.owner, acked.alarm.eta_us) == ("li", T0_US + 300_000_000)
    assert acked.alarm.lease_us == T0_US + 605_000_000
    assert scene.act("ack", at_s=6, rule=TILTED, actor="wang") == []
    (longer,) = scene.act("ack", at_s=600, rule=TILTED, for_us=60_000_000)
    assert longer.alarm.lease_us == T0_US + 660_000_000
    assert Kind.LAPSED not in {made.kind for made in scene.tick(659)}
    lapsed = [made for made in scene.tick(660) if made.kind is Kind.LAPSED]
    assert [(made.alarm.acknowledged, made.alarm.owner, made.detail, made.calls) for made in lapsed] == [
        (False, "", "li", True)
    ]
    assert len(scene.act("ack", at_s=661, rule=TILTED, actor="wang")) == 1


def asked() -> Scene:
    """Return a scene in which one person has asked to shelve somebody's call for a minute."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 5)
    scene.act("shelve", at_s=6, rule=TRAPPED, subject=LIFT, because="test", for_us=60_000_000)
    return scene


def test_two_people_agree_on_the_same_thing() -> None:
    """Who has agreed to a minute on the shelf has not agreed to take the lift's calls out of service."""
    scene = asked()
    (made,) = scene.act("out_of_service", at_s=7, rule=TRAPPED, subject=LIFT, because="other", actor="wang")
    assert (made.kind, made.calls) == (Kind.SHELVE_ASKED, True)
    (made,) = scene.act("out_of_service", at_s=8, rule=TRAPPED, subject=LIFT, because="other")
    assert made.kind is Kind.OUT_OF_SERVICE


def test_the_shorter_time_is_what_both_have_agreed_to() -> None:
    """The second person may not lengthen what the first one asked for."""
    scene = asked()
    scene.act("shelve", at_s=7, rule=TRAPPED, subject=LIFT, because="test", actor="wang", for_us=8 * HOUR_US)
    assert Kind.UNSHELVED not in [made.kind for made in scene.tick(66)]
    assert Kind.UNSHELVED in [made.kind for made in scene.tick(67)]


def test_what_was_asked_for_an_occurrence_ends_with_it() -> None:
    """Who asked for one call has not asked for the next."""
    scene = Scene()
    scene.event("lift.stuck_occupied", 5)
    scene.act("shelve", at_s=6, rule=TRAPPED, subject=LIFT, because="test")
    scene.event("lift.released", 7, severity="info")
    scene.event("lift.stuck_occupied", 8)
    (made,) = scene.act("shelve", at_s=9, rule=TRAPPED, subject=LIFT, because="test", actor="wang")
    assert made.kind is Kind.SHELVE_ASKED
