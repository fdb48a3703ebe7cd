"""The story of a played city is told once, in order, in words that a person follows."""

from io import StringIO

from msgspec.structs import replace
from rich.console import Console

from simulators.lifts.lift import Lift
from simulators.lifts.spec import LiftSpec
from simulators.observers.witness import AlarmWord
from simulators.play.loading import load_scenarios
from simulators.play.play import Play
from simulators.play.scenario import cast
from simulators.play.story import Story, state_of
from simulators.scoring.report import write_score
from simulators.scoring.scoring import Observed, score

SCENARIO = load_scenarios()["lift-entrapment-between-floors"]


def _word(*, active: bool) -> AlarmWord:
    return AlarmWord("a", "lift.entrapment", "hz/xiacheng/chaoming/lift-02", active, 0, 1_000_000, 1_400_000)


def test_each_thing_is_told_once() -> None:
    """Stop, alarm, rescuers, freed and cleared, each in one line, however often the story is followed."""
    play = Play(SCENARIO)
    story, words = Story(play, start_us=0), [_word(active=True)]
    for second in range(0, 150, 5):
        play.advance(second * 1_000_000)
        if second == 100:
            words.append(_word(active=False))
        story.follow(words, speed=4.0)
    texts = [line.text for line in story.lines]
    assert len(texts) == 5
    assert texts[0].endswith("; 100 ms from hub to command centre")
    assert "stopped between two floors with" in texts[1]
    assert texts[2:] == [
        "lift-02: rescuers are at the lift",
        "lift-02: level, door open: everybody gets out",
        "alarm lift.entrapment of lift-02 has cleared",
    ]


def test_a_site_is_told_from_its_case_to_its_alarm() -> None:
    """The hole, the case of one key, the ground, the alarm with its keys and the digests of its evidence."""
    scenario = cast(load_scenarios()["road-collapse"], seed=3)
    play = Play(scenario, seed=3)
    story = Story(play, start_us=0)
    hole, ground = ("hole", "hz/xiacheng/chaoming/road-1-1"), ("ground", "hz/xiacheng/chaoming/ground-01")
    site = AlarmWord("c", "road.inspection", "site:hz/x/c/road-1-1", True, 0, 0, 20_000, kind="raised", keys=(hole,))
    alarm = replace(site, id="a", rule="road.collapse", keys=(ground, hole), evidence={hole[1]: {"before": "ab" * 32}})
    play.advance(40_000_000)
    story.follow([site, alarm, replace(site, kind="suppressed", folded=True)], speed=2.0)
    texts = [line.text for line in story.lines]
    assert texts[0].startswith("road-1: the road breaks in, a hole of ")
    assert texts[1:] == [
        "ground-01: the ground below gives way",
        "CASE road.inspection: one key alone, hole of road-1-1: somebody has to look; 10 ms to command centre",
        "ALARM road.collapse: keys of different physics agree: ground of ground-01, hole of road-1-1; 10 ms to"
        " command centre",
        "  evidence of road-1-1: before abababababab… (sha256)",
        "road.inspection: is taken up by the alarm (hole of road-1-1)",
    ]


def test_the_state_of_a_lift_in_words() -> None:
    """A stuck car says between which levels, a parked one that it stands."""
    lift = Lift(LiftSpec("lift-01", people_per_minute=0), seed=1)
    assert state_of(lift)[0] == "standing, door closed"
    lift.stop_between("stuck")
    lift.advance(60_000_000)
    assert state_of(lift)[0].startswith("STUCK between ")


def test_a_score_is_written_for_people() -> None:
    """A missed alarm is shown as such, and the last line is the verdict."""
    observed = Observed(truth={"stuck": 1}, words=[], published={}, kept={}, speed=10.0)
    out = StringIO()
    write_score(Console(file=out, width=160), score(SCENARIO, observed, seed=3, broker="mosquitto"))
    lines = out.getvalue().splitlines()
    assert any("lift.entrapment" in line and line.rstrip().endswith("missed") for line in lines)
    assert lines[-1].strip() == "FAILED lift-entrapment-between-floors (seed 3, broker mosquitto)"
