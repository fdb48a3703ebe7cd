"""A city may put a profile of its own in place of a built-in one: tuned, and whole."""

from pathlib import Path

import pytest

from device_profiles.errors import ConfigError
from device_profiles.profile import BUILT_IN, load_profiles

HEAD = 'replaces = "built-in"\n'


def built_in(kind: str) -> str:
    """Return the text of a built-in profile."""
    return (BUILT_IN / f"{kind}.toml").read_text(encoding="utf-8")


def put(folder: Path, text: str, name: str = "own.toml") -> Path:
    """Write a profile into a folder and return the folder."""
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_city_tunes_the_rule_of_a_built_in_kind(tmp_path: Path) -> None:
    """50 m instead of 30 m for a collapse: one line of a copy, and one that says so."""
    own = HEAD + built_in("road_site").replace('near = "30m"', 'near = "50m"')
    profile = load_profiles([put(tmp_path, own)])["road_site"]
    assert [rule.near for rule in profile.spec.alarms] == ["50m"]
    assert profile.file == str(tmp_path / "own.toml")
    assert profile.digest != load_profiles()["road_site"].digest


def test_without_the_word_it_is_a_second_profile_of_its_kind(tmp_path: Path) -> None:
    """A copy that was left in the folder by mistake changes nothing; the error says which word it lacks."""
    with pytest.raises(ConfigError, match='replaces = "built-in"') as caught:
        load_profiles([put(tmp_path, built_in("road_site"))])
    assert caught.value.key == "kind"


def test_one_kind_is_replaced_once(tmp_path: Path) -> None:
    """The second file is refused, and says where the first one is."""
    put(tmp_path, HEAD + built_in("road_site"))
    with pytest.raises(ConfigError, match=r"own\.toml") as caught:
        load_profiles([put(tmp_path, HEAD + built_in("road_site"), "second.toml")])
    assert caught.value.key == "kind"


def test_what_replaces_nothing_is_refused(tmp_path: Path) -> None:
    """A misspelt kind would leave the built-in one in force."""
    own = HEAD + built_in("road_site").replace('kind = "road_site"', 'kind = "road_sight"')
    with pytest.raises(ConfigError, match="no built-in profile 'road_sight'") as caught:
        load_profiles([put(tmp_path, own)])
    assert caught.value.key == "replaces"


@pytest.mark.parametrize(
    ("kind", "old", "new", "key"),
    [
        ("road_site", 'rule = "road.collapse"', 'rule = "road.sinks"', "alarms"),
        ("ground_sensor", "[values.uplinks_late]", "[values.uplinks_tardy]", "values"),
        ("ground_sensor", '[events."ground.rezeroed"]', '[events."ground.zeroed"]', "events"),
        ("ground_sensor", "things_stack_v3_bytes", "things_stack_bytes", "dialects"),
        ("ground_sensor", '[values.limit]\ntype = "str"', '[values.limit]\ntype = "int"', "values.limit.type"),
        ("ground_sensor", '[judge]\nname = "ground"', '[judge]\nname = "queue"', "judge.name"),
        ("lift_retrofit_box", "[box]", "[box_]", "box"),
    ],
)
def test_half_of_a_replacement_is_refused(tmp_path: Path, kind: str, old: str, new: str, key: str) -> None:
    """What the built-in one has and the city's has not is named: nobody loses an alarm by leaving a line out."""
    text = built_in(kind)
    if new == "[box_]":  # the whole table
        head, _, rest = text.partition("[box]\n")
        changed = head + rest.partition("\n\n")[2]
    else:
        changed = text.replace(old, new)
    assert changed != text
    with pytest.raises(ConfigError) as caught:
        load_profiles([put(tmp_path, HEAD + changed)])
    assert caught.value.key == key
