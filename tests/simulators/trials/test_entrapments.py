"""Entrapments follow each other, and alarms are matched to them one to one."""

from simulators.lifts.spec import LiftSpec
from simulators.observers.witness import AlarmWord
from simulators.play.play import Play
from simulators.play.scenario import Scenario
from simulators.trials.entrapments import RULE, Entrapment, Trapper, count_alarms, forgotten

START_US = 1_700_000_000_000_000
LATER_US = START_US + 10**12  # after whatever is played here
ONE, TWO = Entrapment("lift-01", 100), Entrapment("lift-01", 900)


def test_alarms_are_matched_to_the_latest_entrapment_before_them() -> None:
    """One each is right; a second one is a double, none is missing, one before any is false."""
    assert count_alarms([ONE, TWO], [("lift-01", 150), ("lift-01", 950)]) == (
        count_alarms([ONE, TWO], [("lift-01", 950), ("lift-01", 150)])
    )
    good = count_alarms([ONE, TWO], [("lift-01", 150), ("lift-01", 950)])
    assert (good.expected, good.raised, good.doubled, good.missing, good.false) == (2, 2, 0, 0, 0)
    assert count_alarms([ONE, TWO], [("lift-01", 150), ("lift-01", 160)]).doubled == 1
    assert count_alarms([ONE, TWO], [("lift-01", 150), ("lift-01", 160)]).missing == 1
    assert count_alarms([ONE], [("lift-01", 50)]).false == 1
    assert count_alarms([ONE], [("lift-02", 150), ("lift-01", 150)]).false == 1


def test_an_alarm_that_was_told_must_be_known() -> None:
    """What the command centre heard and the hub does not list is forgotten; other rules are not counted here."""
    words = [
        AlarmWord(id, rule, "hz/a/b/lift-01", True, 0, 0, 0) for id, rule in (("a", RULE), ("b", RULE), ("c", "x"))
    ]
    assert forgotten(words, {"a"}) == {"b"}


def test_a_lift_is_trapped_alarmed_rescued_and_trapped_again() -> None:
    """The round waits for the alarm before the rescue and for its end before the next entrapment."""
    scenario = Scenario("s", "s", 1, "1h", (LiftSpec("lift-01"), LiftSpec("lift-02")), spare="lift-02")
    play = Play(scenario)
    trapper, open_alarms = Trapper(play, ["lift-01"], start_us=START_US), {}
    word = AlarmWord("a", RULE, "hz/a/b/lift-01", True, LATER_US, 0, 0)
    lift = play.lifts["lift-01"]
    for second in range(600):
        play.advance(second * 1_000_000)
        trapper.tick(open_alarms)
        stuck = not lift.values()["car_moving"] and not lift.values()["door_zone"]
        if stuck and second % 30 == 0:
            open_alarms = {"a": word}
        elif not stuck and lift.values()["door_closed"] is False and not lift.body.people:
            open_alarms = {}
    assert len(trapper.entrapments) >= 3
    trapper.stopping = True
    for second in range(600, 800):
        play.advance(second * 1_000_000)
        trapper.tick({"a": word} if second < 700 else {})
    assert not trapper.busy


def test_a_rescued_lift_goes_on_although_nobody_saw_it_empty() -> None:
    """The agent may be dead just then: a door that is held for ever would keep the alarm open for ever."""
    play = Play(Scenario("s", "s", 1, "1h", (LiftSpec("lift-01"), LiftSpec("lift-02")), spare="lift-02"))
    trapper, lift = Trapper(play, ["lift-01"], start_us=START_US), play.lifts["lift-01"]
    word, second = AlarmWord("a", RULE, "hz/a/b/lift-01", True, LATER_US, 0, 0), 0
    while not trapper.entrapments:
        second += 1
        play.advance(second * 1_000_000)
        trapper.tick({})
    trips = []
    for later in range(second, second + 400):
        play.advance(later * 1_000_000)
        trapper.tick({"a": word})
        trips.append(lift.values()["trip_count"])
    assert trips[-1] > trips[60]


def test_an_alarm_of_an_earlier_entrapment_calls_nobody() -> None:
    """A broker that crashed shows it again: only one that began after the car stood lets people out."""
    play = Play(Scenario("s", "s", 1, "1h", (LiftSpec("lift-01"), LiftSpec("lift-02")), spare="lift-02"))
    trapper, lift, second = Trapper(play, ["lift-01"], start_us=START_US), play.lifts["lift-01"], 0
    while not trapper.entrapments:
        second += 1
        play.advance(second * 1_000_000)
        trapper.tick({})
    (entrapment,) = trapper.entrapments
    for t_us, is_freed in ((entrapment.t_us - 1, False), (entrapment.t_us, True)):
        word = AlarmWord("a", RULE, "hz/a/b/lift-01", True, START_US + t_us, 0, 0)
        for later in range(second, second + 30):
            play.advance(later * 1_000_000)
            trapper.tick({"a": word})
        second += 30
        assert ("trap-1-free" in lift.effects) is is_freed
