"""Dialects in profiles: refused with file and key, or right; a dialect of your own is one more file."""

from pathlib import Path

import pytest

from device_profiles.errors import ConfigError
from device_profiles.profile import BUILT_IN, load_profiles, parse_profile

TEXT = (BUILT_IN / "lift_platform.toml").read_text(encoding="utf-8")
FIFTH = """extends = "lift_platform"

[dialects.fifth]
title = "A fifth one"
id = "code"
keep_alive = "5s"

[dialects.fifth.values]
car_moving = { at = "m", codes = { y = true, n = false } }
"""


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('id = "registerCode"', 'id = "a["', "dialects.code11.id"),
        ('id = "registerCode"', 'ident = "a"', "dialects.code11.ident"),
        ('keep_alive = "5s"', 'keep_alive = "16s"', "dialects.code11.keep_alive"),
        ('keep_alive = "5s"', 'keep_alive = "0s"', "dialects.code11.keep_alive"),
        ('at = "carPosition"', 'at = "a..b"', "dialects.code11.values.car_position.at"),
        ("car_position = { at", "car_place = { at", "dialects.code11.values.car_place"),
        ("{ 0 = false, 1 = true }", "{ 0 = 5, 1 = true }", "dialects.code11.values.car_moving.codes.0"),
        ("11 = 100", "11 = 99999", "dialects.code11.values.fault_code.codes.11"),
        ('unknown = ["255"]', 'unknown = ["1"]', "dialects.code11.values.car_moving.unknown"),
        ('unit = "ms"', 'unit = "hours"', "dialects.code11.time.unit"),
        ('unit = "ms"', 'unit = "ms", format = "%Y-%m-%d %H:%M:%S"', "dialects.code11.time.format"),
        ('unit = "ms"', 'unit = "text", format = "%Y-%m-%d %H:%M:%Q"', "dialects.code11.time.format"),
        ('unit = "ms"', 'unit = "text", format = "YYYY-MM-DD hh:mm:ss"', "dialects.code11.time.format"),
        ('unit = "ms"', 'unit = "text", format = "%m-%d %H:%M:%S"', "dialects.code11.time.format"),
        ('unit = "ms"', 'unit = "text", format = "%Y-%m-%d %I:%M:%S"', "dialects.code11.time.format"),
        ("codes = { N = 0, U = 1, D = 2 }", "codes = { N = 0 }, scale = 2",
         "dialects.code0101.values.car_direction.codes"),
        ("scale = 1000 }", "scale = nan }", "dialects.code0101.values.load_kg.scale"),
        ("scale = 1000 }", "scale = 0 }", "dialects.code0101.values.load_kg.scale"),
        ("scale = 1000 }", "plus = inf }", "dialects.code0101.values.load_kg.plus"),
        ("[values.fault_code_raw]", "[values.fault_code_said]", "dialects.code11.values.fault_code.codes"),
        ("[values.unknown_codes]", "[values.codes]", "values.unknown_codes"),
        ('[events."device.unknown_code"]', '[events."device.code"]', 'events."device.unknown_code"'),
        ('set = "car_moving"', 'set = "moving"', "values.door_open_demand.latch.set"),
        ('clear = "3s"\n\n[[alarms.ways]]', 'clear = "3s"\nfor = "2s"\n\n[[alarms.ways]]', "alarms[0].for"),
        ('when = "not car_moving and not door', 'when = "not car and not door', "alarms[0].ways[0].when"),
    ],
)  # fmt: skip
def test_a_fault_names_file_and_key(old: str, new: str, key: str) -> None:
    """Nothing is guessed."""
    assert old in TEXT
    with pytest.raises(ConfigError) as caught:
        parse_profile(TEXT.replace(old, new, 1), file="mine.toml")
    assert (caught.value.file, caught.value.key) == ("mine.toml", key)


def test_a_dialect_of_your_own_is_one_more_file(tmp_path: Path) -> None:
    """The rules' text and digest stay, so that hub and agent agree on them; the file has a digest of its own."""
    (tmp_path / "fifth.toml").write_text(FIFTH, encoding="utf-8")
    before, after = load_profiles()["lift_platform"], load_profiles([tmp_path])["lift_platform"]
    assert after.spec.dialects.keys() - before.spec.dialects.keys() == {"fifth"}
    assert (after.digest, list(after.added)) == (before.digest, ["fifth"])


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("lift_platform", "lift_plattform", "extends"),
        ("dialects.fifth", "dialects.nocode", "dialects.nocode"),
        ("car_moving", "car", "dialects.fifth.values.car"),
        ('keep_alive = "5s"', 'keep_alive = "1m"', "dialects.fifth.keep_alive"),
        ("[dialects.fifth]", "[alarms]\n[dialects.fifth]", "alarms"),
    ],
)
def test_a_dialect_file_is_as_strict(tmp_path: Path, old: str, new: str, key: str) -> None:
    """It names its own file."""
    path = tmp_path / "fifth.toml"
    path.write_text(FIFTH.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_profiles([tmp_path])
    assert (caught.value.file, caught.value.key) == (str(path), key)
