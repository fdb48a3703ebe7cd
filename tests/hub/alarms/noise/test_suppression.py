"""What another alarm explains, or a maintenance window covers, calls nobody and stands in the list with its cause."""

from datetime import UTC, datetime

import pytest

from hub.alarms.city.policy import parse_policy
from hub.alarms.noise.maintenance import is_open
from hub.alarms.transitions import Kind, Reason, Transition
from tests.hub.alarms.scene import T0_US, TEXTS, Scene

SILENT, OFFLINE = "device.silent", "agent.offline"


def of(made: list[Transition], rule: str) -> list[tuple[Kind, str, bool]]:
    """Return kind, cause and whether somebody is called, of the transitions of a rule."""
    return [(each.kind, each.alarm.suppressed_by, each.calls) for each in made if each.alarm.rule == rule]


def test_a_dead_street_node_folds_its_devices() -> None:
    """Those that fall silent after its alarm never call."""
    scene = Scene()
    scene.ticks(1, 5)
    scene.cover(5, tilt_deg=1)
    (offline,) = scene.will(at_s=6)
    scene.ticks(6, 30)
    cause = offline.alarm.id
    assert of(scene.made, SILENT) == [(Kind.RAISED, cause, False), (Kind.RAISED, cause, False)]


def test_also_when_its_own_fact_comes_later() -> None:
    """The broker tells a will only after the keep-alive: what called until then is taken back as a revision."""
    scene = Scene()
    scene.ticks(1, 30)
    (offline,) = (made for made in scene.will(at_s=31) if made.kind is Kind.RAISED)
    assert of(scene.made, SILENT) == [
        *[(Kind.RAISED, "", True)] * 2,
        *[(Kind.SUPPRESSED, offline.alarm.id, False)] * 2,
    ]


def test_what_still_lasts_after_its_cause_calls() -> None:
    """Once the time to settle is over, and only then."""
    scene = Scene()
    scene.ticks(1, 5)
    scene.will(at_s=6)
    scene.ticks(7, 30)
    scene.birth(at_s=31, epoch=8)
    made = [each for at_s in range(32, 120) for each in [*scene.beat(at_s, "lift-7"), *scene.tick(at_s)]]
    cover = [each for each in made if each.alarm.device == "cover-1" and each.kind is Kind.UNSUPPRESSED]
    assert [(each.reason, each.calls) for each in cover] == [(Reason.CAUSE_ENDED, True)]
    assert not [each for each in made if each.alarm.device == "lift-7" and each.calls and each.kind is Kind.RAISED]


def test_what_is_more_severe_than_its_cause_breaks_through() -> None:
    """A policy that folds everything folds no life-safety."""
    scene = Scene()
    scene.text(TEXTS, policy='[[causes]]\nrule = "agent.offline"\nfolds = ["*"]')
    scene.ticks(1, 5)
    scene.will(at_s=6)
    (trapped,) = scene.event("lift.stuck_occupied", 5, got_s=7)
    assert (trapped.alarm.suppressed_by, trapped.calls) == ("", True)


WORKS = """
[[maintenance]]
name = "works"
zone = "Asia/Shanghai"
start = 22:00:00
end = 02:00:00
days = ["thu"]
rules = ["cover.*"]
"""


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2025-11-20T13:59:59Z", False),  # 21:59:59 in Hangzhou, a Thursday
        ("2025-11-20T14:00:00Z", True),
        ("2025-11-20T17:59:59Z", True),  # 01:59:59, by then it is Friday
        ("2025-11-20T18:00:00Z", False),
        ("2025-11-21T14:30:00Z", False),  # Friday evening
    ],
)
def test_a_window_is_local_time_across_midnight(instant: str, *, expected: bool) -> None:
    """The day is the one on which it starts."""
    (window,) = parse_policy(WORKS, file="policy").spec.maintenance
    t_us = int(datetime.fromisoformat(instant).astimezone(UTC).timestamp() * 1e6)
    assert is_open(window, t_us) is expected


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2025-03-29", 4.0), ("2025-03-30", 3.0), ("2025-10-26", 5.0)],  # Berlin skips an hour, and repeats one
)
def test_a_window_follows_the_clocks_of_its_zone(day: str, hours: float) -> None:
    """From 0 to 4 o'clock is three hours on one night and five on another."""
    text = '[[maintenance]]\nname = "n"\nzone = "Europe/Berlin"\nstart = 00:00:00\nend = 04:00:00\n'
    (window,) = parse_policy(f"{text}begins = {day}\nends = {day}", file="policy").spec.maintenance
    begin = int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) - 6 * 3_600
    minutes = [at for at in range(0, 30 * 60) if is_open(window, (begin + at * 60) * 1_000_000)]
    assert len(minutes) / 60 == hours


def test_a_window_suppresses_and_releases() -> None:
    """What was raised before, within and what still lasts after it; what it does not name is not touched."""
    t0 = 2_600  # T0 is 08:53:20 in Hangzhou on a Thursday
    policy = WORKS.replace("22:00:00", "09:00:00").replace("02:00:00", "09:10:00")
    scene = Scene()
    scene.text(TEXTS, policy=policy)
    scene.ticks(1, 2)
    scene.cover(2, tilt_deg=20)
    scene.beat(5)
    begin = next(at for at in range(0, t0, 10) if [m for m in scene.tick(at) if m.kind is Kind.SUPPRESSED])
    assert begin == 400
    scene.cover(410, tilt_deg=20, water_level_m=2)
    scene.beat(440)
    assert of(scene.made, "cover.flooded") == [(Kind.RAISED, "maintenance:works", False)]
    after = [made for at in range(410, 1010, 10) for made in scene.tick(at) if made.kind is Kind.UNSUPPRESSED]
    assert {made.alarm.rule for made in after} == {"cover.tilted", "cover.flooded"}
    assert all(made.calls and made.reason is Reason.MAINTENANCE_ENDED for made in after)


GONE = '[[causes]]\nrule = "cover.gone"\nfolds = ["cover.tilted"]\n'
ALL_DAY = '[[maintenance]]\nname = "works"\nzone = "UTC"\nstart = 00:00:00\nend = 00:00:00\nsubjects = ["{}"]\n'


def test_a_cause_that_leaves_the_policy_keeps_nobody_quiet() -> None:
    """Else what it had explained would be quiet for ever: nothing frees it any more when the cause ends."""
    scene = Scene()
    scene.text(TEXTS, policy=GONE)
    scene.cover(1, tilt_deg=70)
    scene.beat(4)
    made = scene.text(TEXTS, at_s=5)
    assert of(made, "cover.tilted") == [(Kind.UNSUPPRESSED, "", True)]


def test_a_cause_that_has_ended_when_the_policy_changes_still_frees_in_its_time() -> None:
    """What is about to be told is told once."""
    scene = Scene()
    scene.text(TEXTS, policy=GONE)
    scene.cover(1, tilt_deg=70)
    scene.beat(4)
    scene.act("close", at_s=6, rule="cover.gone", because="repaired")
    assert scene.text(TEXTS, at_s=7) == []
    assert of(scene.tick(66), "cover.tilted")[-1] == (Kind.UNSUPPRESSED, "", True)


def test_a_window_that_is_made_narrower_covers_no_more_than_it_says() -> None:
    """At once, and not when it ends."""
    scene = Scene()
    scene.text(TEXTS, policy=ALL_DAY.format("*"))
    scene.tick(0)
    scene.cover(1, tilt_deg=20)
    scene.beat(4)
    assert of(scene.text(TEXTS, at_s=5, policy=ALL_DAY.format("hz/*/cover-1")), "cover.tilted") == []
    assert of(scene.text(TEXTS, at_s=6, policy=ALL_DAY.format("sh/*")), "cover.tilted") == [
        (Kind.UNSUPPRESSED, "", True)
    ]


def test_a_cause_takes_over_from_a_window_that_ends() -> None:
    """Else neither its end nor another window's would let what it explains call."""
    window = f"begins = {datetime.fromtimestamp(T0_US / 1e6, UTC):%Y-%m-%d}\n"
    window += f"ends = {datetime.fromtimestamp(T0_US / 1e6, UTC):%Y-%m-%d}\n"
    end = datetime.fromtimestamp(T0_US / 1e6 + 60, UTC)
    text = ALL_DAY.format("*").replace("end = 00:00:00", f"end = {end:%H:%M:%S}") + 'rules = ["cover.tilted"]\n'
    scene = Scene()
    scene.text(TEXTS, policy=GONE + text + window)
    scene.tick(0)
    scene.cover(1, tilt_deg=20)
    (tilted,) = (made for made in scene.beat(4) if made.alarm.rule == "cover.tilted")
    assert tilted.alarm.suppressed_by == "maintenance:works"
    (gone,) = scene.cover(5, tilt_deg=70)
    scene.beat(60)
    assert of(scene.tick(60), "cover.tilted") == [(Kind.SUPPRESSED, gone.alarm.id, False)]
    scene.act("close", at_s=61, rule="cover.gone", because="repaired")
    assert of(scene.tick(121), "cover.tilted")[-1] == (Kind.UNSUPPRESSED, "", True)
