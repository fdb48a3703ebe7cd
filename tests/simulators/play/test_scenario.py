"""Scenarios are strict data, and each one that ships plays out as it says, with every seed."""

from pathlib import Path

import pytest

from device_profiles.config import duration_us
from device_profiles.errors import ConfigError
from simulators.play.loading import FOLDER, load_scenario, load_scenarios
from simulators.play.scenario import cast

NAMES = {  # issue 3; others may come
    *(f"lift-entrapment-{way}" for way in ("between-floors", "at-level", "button", "occupancy-unknown", "power-cut")),
    *(
        "lift-silent-slave",
        "lift-platform-silent",
        "lift-long-stop",
        "lift-parked-empty",
        "lift-inspection",
        "lift-firefighter",
    ),
    *("lift-children-jumping", "lift-stepped-out", "lift-shaking", "lift-door-obstructed"),
    *("lift-acknowledged", "lift-test-call", "lift-box-stuck", "lift-box-ordinary-life"),
    *(f"lift-dialect-{number}" for number in range(1, 5)),
    *("lift-rescue", "alarm-storm", "receiver-away", "node-down"),  # issue 5
    *("camera-faults", "kerb-berths", "hospital-queue", "lift-beside-cameras"),  # issue 6
    "road-collapse",  # issue 7
    *(f"road-lookalike-{what}" for what in ("lorry", "puddle", "shadow", "headlights", "moved-camera", "snow")),
    *(f"road-lookalike-{what}" for what in ("road-gang", "tarpaulin")),
}
TEXT = """
name = "small"
title = "t"
seed = 1
duration = "60s"
spare = "lift-02"
lifts = [{device = "lift-01"}, {device = "lift-02"}]
"""
BOX = TEXT.replace('"lift-01"}', '"lift-01", sensed_by = "box"}')
STUCK = """
[[acts]]
name = "stuck"
act = "stop_between_floors"
lift = "lift-01"
at = "5s"
"""
BOTH = 'shuffle = [["lift-01", "lift-03"]]'
EXPECTED = """
[[expected]]
rule = "lift.entrapment"
lift = "lift-01"
after = "stuck"
not_before = "20s"
not_after = "25s"
"""


def test_the_scenarios_of_the_issue_are_there() -> None:
    """Every file loads, is named like its scenario, and keeps to speed 10 under 30 s unless it says that it is long."""
    scenarios = load_scenarios()
    assert scenarios.keys() >= NAMES
    for name, scenario in scenarios.items():
        assert (FOLDER / f"{name}.toml").is_file()
        assert scenario.long or duration_us(scenario.duration) <= 280_000_000


def test_a_small_scenario_is_read(tmp_path: Path) -> None:
    """Defaults fill what is not said; the subject is the hub's key."""
    path = tmp_path / "small.toml"
    path.write_text(TEXT + STUCK + EXPECTED, encoding="utf-8")
    scenario = load_scenario(path)
    assert scenario.subject("lift-01") == "hz/xiacheng/chaoming/lift-01"
    assert scenario.acts[0].jitter == "0s"


def test_the_seed_draws_the_lifts_that_things_happen_to() -> None:
    """Acts go to other lifts of the same group, what is expected of them goes along; a seed draws the same again."""
    day = load_scenarios()["lift-city-day"]
    draws = [cast(day, seed=seed) for seed in (1, 2, 1)]
    assert draws[0] == draws[2]
    places = [{act.name: act.lift for act in draw.acts} for draw in draws]
    assert places[0] != places[1]
    groups = {lift: group for group in day.shuffle for lift in group}
    for act in day.acts:
        assert places[0][act.name] in groups[act.lift]
    for before, alarm in zip(day.expected, draws[0].expected, strict=True):
        assert (before.lift == alarm.lift) is (places[0][alarm.after] == before.lift)
        assert alarm.lift == places[0][alarm.after]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (TEXT.replace("seed", "sed"), "sed"),
        (TEXT.replace('"60s"', '"an hour"'), "duration"),
        (TEXT.replace('spare = "lift-02"', 'spare = "lift-09"'), "spare"),
        (TEXT + 'area = "hz"', "area"),
        (TEXT.replace('"lift-01"}', '"lift-02"}'), "lifts"),
        (TEXT.replace('"lift-01"}', '"lift-01", flors = 4}'), "lifts[0].flors"),
        (TEXT + STUCK.replace("stop_between_floors", "explode"), "acts[0].act"),
        (TEXT + STUCK.replace('"lift-01"', '"lift-07"'), "acts[0].lift"),
        (TEXT + STUCK.replace('at = "5s"', ""), "acts[0].at"),
        (TEXT + STUCK.replace('"5s"', '"61s"'), "acts[0].at"),
        (TEXT + STUCK + "by_responder = true", "acts[0].at"),
        (TEXT + STUCK.replace('at = "5s"', "by_responder = true"), "acts[0].by_responder"),
        (TEXT + STUCK.replace("stop_between_floors", "storm"), "acts[0].act"),
        (TEXT + STUCK.replace("stop_between_floors", "receiver_off"), "acts[0].receiver"),
        (TEXT + STUCK.replace('at = "5s"', 'after = "later"'), "acts[0].after"),
        (BOX + STUCK.replace("stop_between_floors", "slave_foreign"), "acts[0].act"),
        (TEXT + STUCK + STUCK, "acts[1].name"),
        (TEXT + STUCK + EXPECTED.replace('"stuck"', '"luck"'), "expected[0].after"),
        (TEXT + STUCK + EXPECTED.replace('"lift-01"', '"lift-07"'), "expected[0].lift"),
        (TEXT + STUCK + EXPECTED.replace('"25s"', '"19s"'), "expected[0].not_after"),
        (TEXT + STUCK + EXPECTED + 'clears_after = "x"', "expected[0].clears_after"),
        (TEXT + 'shuffle = [["lift-01", "lift-02"]]', "shuffle[0]"),
        (TEXT + 'shuffle = [["lift-01", "lift-07"]]', "shuffle[0]"),
        (TEXT.replace('"lift-01"}', '"lift-01"}, {device = "lift-03", sensed_by = "box"}') + BOTH, "shuffle[0]"),
        (TEXT + "rhythm = [1.5]", "rhythm[0]"),
        (TEXT + "speed = 11.0", "speed"),
        (TEXT.replace('"lift-01"}', '"lift-01", agent = "b"}'), "lifts[0].agent"),
        (TEXT.replace('"lift-01"}', '"lift-01", agent = "b"}') + 'agents = ["b"]', "lifts[1].line"),
    ],
)
def test_a_fault_in_a_scenario_names_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    """A typing error is refused with the place where it stands."""
    path = tmp_path / "faulty.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenario(path)
    assert caught.value.file == str(path)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('[[acts]]\nname = "a"\nact = "camera_blur"\nat = "1s"\n', "acts[0].camera"),
        ('[[acts]]\nname = "a"\nact = "camera_blur"\ncamera = "cam-9"\nat = "1s"\n', "acts[0].camera"),
        ('[[acts]]\nname = "a"\nact = "node_off"\ncamera = "cam-1"\nat = "1s"\n', "acts[0].camera"),
        ('[[acts]]\nname = "a"\nact = "report"\nat = "1s"\n', "acts[0].camera"),
        ('[[acts]]\nname = "a"\nact = "report"\nsensor = "gs-9"\nat = "1s"\n', "acts[0].sensor"),
        ('[[cameras]]\ndevice = "cam-1"\n', "cameras"),
        (
            '[[acts]]\nname = "a"\nact = "camera_blur"\ncamera = "cam-1"\nat = "1s"\n'
            '[[expected]]\nrule = "x"\ncamera = "cam-10"\nafter = "a"\nnot_before = "0s"\nnot_after = "9s"\n',
            "expected[0].camera",
        ),
    ],
    ids=["none", "unknown", "no-camera-act", "nowhere", "no-sensor", "twice", "expected"],
)
def test_what_befalls_a_camera_names_one(tmp_path: Path, more: str, key: str) -> None:
    """An act of a camera, and an alarm of one or of its zone, refer to a camera that is there."""
    path = tmp_path / "small.toml"
    path.write_text(TEXT + '[[cameras]]\ndevice = "cam-1"\n' + more, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_scenario(path)
    assert caught.value.key == key


def test_of_acts_that_are_drawn_one_happens_each_at_its_turn() -> None:
    """What waits for the draw waits for the one that is taken; skies are drawn too."""
    collapse = load_scenarios()["road-collapse"]
    taken, skies = set(), set()
    for seed in range(1, 11):
        drawn = cast(collapse, seed=seed)
        (second,) = [act for act in drawn.acts if act.name == "second-key"]
        assert not {name for draw in drawn.draws for name in draw.acts} & {act.name for act in drawn.acts}
        taken.add(second.act)
        skies.add(drawn.cameras[0].sky)
    assert len(taken) == 3
    assert len(skies) >= 2


def test_a_draw_of_unknown_acts_is_refused(tmp_path: Path) -> None:
    """So is a name that an act has."""
    path = tmp_path / "small.toml"
    for draw in ('name = "one"\nacts = ["stuck", "nobody"]', 'name = "stuck"\nacts = ["stuck", "stuck"]'):
        path.write_text(TEXT + STUCK + f"[[draws]]\n{draw}\n", encoding="utf-8")
        with pytest.raises(ConfigError, match=r"draws|there twice"):
            load_scenario(path)


def test_half_of_what_looks_like_a_collapse_is_played_over_photographs() -> None:
    """And nothing of it expects a collapse."""
    alike = [scenario for name, scenario in load_scenarios().items() if name.startswith("road-lookalike-")]
    real = [scenario for scenario in alike if all(camera.photographs for camera in scenario.cameras)]
    assert 2 * len(real) >= len(alike) >= 8
    assert not any(alarm.rule == "road.collapse" for scenario in alike for alarm in scenario.expected)
    assert not any("road.collapse" in scenario.allowed for scenario in alike)
