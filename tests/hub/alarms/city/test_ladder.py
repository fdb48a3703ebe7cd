"""Ladders: frozen when an alarm is raised, taken by the ticks, needless once help has come."""

import pytest

from device_profiles.errors import ConfigError
from hub.alarms.city.policy import parse_policy
from hub.alarms.engine import fold
from hub.alarms.state import State
from hub.alarms.transitions import Kind
from tests.hub.alarms.scene import LIFT, TEXTS, Scene

RULE = "lift.entrapment"
LADDER = """
[[ladders]]
name = "lift"
rules = ["lift.*"]

[[ladders.steps]]
level = "L1"
to = ["maintenance"]
after = "0s"

[[ladders.steps]]
level = "L2"
to = ["grid"]
after = "3m"
unless = "arrived"

[[ladders.steps]]
level = "L3"
to = ["fire", "centre"]
after = "5m"
unless = "arrived"
"""


RECEIVERS = frozenset({"maintenance", "grid", "fire", "centre"})


def trapped(policy: str = LADDER) -> Scene:
    """Return a scene in which somebody is trapped at second 10."""
    scene = Scene()
    scene.text(TEXTS, policy=policy)
    scene.ticks(1, 10)
    scene.event("lift.stuck_occupied", 10)
    return scene


def steps(scene: Scene) -> list[tuple[str, tuple[str, ...], float]]:
    """Return level, receivers and second of the steps that were taken."""
    return [
        (made.detail, made.to, (made.t_us - scene.records[0].received_us) / 1e6)
        for made in scene.made
        if made.kind is Kind.ESCALATED
    ]


def test_each_step_is_taken_at_the_first_tick_that_is_due() -> None:
    """A tick comes every second, and so within 1 s."""
    scene = trapped()
    scene.ticks(11, 400)
    assert steps(scene) == [("L1", ("maintenance",), 11), ("L2", ("grid",), 190), ("L3", ("fire", "centre"), 310)]
    alarm = scene.alarm(RULE, LIFT)
    assert alarm is not None
    assert (alarm.ladder, alarm.level) == ("lift", "L3")


@pytest.mark.parametrize(
    ("act", "levels"), [("ack", ["L1", "L2", "L3"]), ("dispatch", ["L1", "L2", "L3"]), ("arrive", ["L1"])]
)
def test_who_has_arrived_makes_the_next_call_needless(act: str, levels: list[str]) -> None:
    """Who only says that he comes does not: arrival is what the clock asks for."""
    scene = trapped()
    scene.ticks(11, 100)
    scene.act(act, at_s=100, rule=RULE, subject=LIFT)
    scene.ticks(101, 400)
    assert [level for level, _, _ in steps(scene)] == levels


def test_the_end_of_an_alarm_ends_its_ladder() -> None:
    """Released: nobody else is called."""
    scene = trapped()
    scene.ticks(11, 100)
    scene.event("lift.released", 100, severity="info")
    scene.ticks(101, 400)
    assert [level for level, _, _ in steps(scene)] == ["L1"]


def test_a_ladder_is_frozen_when_the_alarm_is_raised() -> None:
    """A policy that changes is for the alarms to come."""
    scene = trapped()
    scene.text(TEXTS, at_s=20, policy=LADDER.replace("grid", "nobody").replace("3m", "200s"))
    scene.ticks(21, 200)
    assert steps(scene)[1] == ("L2", ("grid",), 190)


def test_a_hub_that_was_away_takes_what_is_due_once() -> None:
    """All steps, in their order, at the first tick after a restart from the stored rows."""
    scene = trapped()
    state = State.load(scene.state.rows())
    scene.state = state
    scene.tick(1000)
    assert [level for level, _, _ in steps(scene)] == ["L1", "L2", "L3"]
    scene.ticks(1001, 1010)
    assert len(steps(scene)) == 3


def test_stored_rows_go_on_as_if_nothing_had_happened() -> None:
    """A restart in the middle of a ladder changes no transition."""
    scene = trapped()
    scene.ticks(11, 100)
    other = State.load(scene.state.rows())
    scene.ticks(101, 400)
    later = [made for record in scene.records if record.received_us > scene.records[0].received_us + 100_500_000
             for made in fold(other, record)]  # fmt: skip
    assert [made for made in scene.made if made.offset >= later[0].offset] == later


def test_a_hub_clock_that_is_set_back_keeps_nobody_waiting() -> None:
    """It was an hour ahead when somebody was trapped: help is called after minutes all the same, not after an hour.

    How long the clock stood between two ticks nobody knows: a second is given away.
    """
    scene = trapped()
    scene.ticks(11, 60)
    scene.act("ack", at_s=60, rule=RULE, subject=LIFT)
    scene.ticks(61 - 3600, 400 - 3600)
    assert steps(scene) == [
        ("L1", ("maintenance",), 11),
        ("L2", ("grid",), 191 - 3600),
        ("L3", ("fire", "centre"), 311 - 3600),
    ]
    assert Kind.LAPSED in [made.kind for made in scene.ticks(955 - 3600, 965 - 3600)]


def test_whatever_waits_for_the_clock_is_moved_with_it() -> None:
    """A shelf, a second person, what a cause has set free: each lasts as long as was said."""
    scene = trapped(LADDER + '[[causes]]\nrule = "cover.gone"\nfolds = ["cover.tilted"]\n')
    scene.cover(11, tilt_deg=70)
    scene.beat(14)
    scene.act("shelve", at_s=15, rule="cover.tilted", because="nuisance", for_us=100_000_000)
    scene.act("shelve", at_s=15, rule=RULE, subject=LIFT, because="test", for_us=100_000_000)
    scene.act("close", at_s=16, rule="cover.gone", because="repaired")
    scene.tick(16)
    made = scene.ticks(16 - 3600, 125 - 3600)
    ends = [(each.kind, (each.t_us - scene.records[0].received_us) // 1_000_000 + 3600) for each in made]
    assert (Kind.UNSUPPRESSED, 76) in ends
    assert (Kind.UNSHELVED, 115) in ends
    assert scene.state.occurrences[LIFT][RULE].asked is not None
    scene.ticks(126 - 3600, 616 - 3600)
    assert scene.state.occurrences[LIFT][RULE].asked is None


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('after = "3m"', 'after = "5m"'), "ladders[0].steps[2].after"),
        (('to = ["grid"]', "to = []"), "ladders[0].steps[1].to"),
        (('to = ["grid"]', 'to = ["gird"]'), "ladders[0].steps[1].to"),
    ],
)
def test_a_step_that_cannot_be_reached_is_refused(change: tuple[str, str], key: str) -> None:
    """Nobody would notice before the night on which it is needed."""
    with pytest.raises(ConfigError) as caught:
        parse_policy(
            LADDER.replace(*change), file="policy.toml", receivers=frozenset({"maintenance", "grid", "fire", "centre"})
        )
    assert (caught.value.file, caught.value.key) == ("policy.toml", key)
