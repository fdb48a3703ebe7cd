"""A profile is data: every fault in it is named by file and key, before anything uses it."""

import re
import tomllib
from pathlib import Path

import pytest

from device_profiles.errors import ConfigError
from device_profiles.profile import BUILT_IN, load_profiles, parse_profile
from tests.device_profiles.manholes import MANHOLE
from tests.typing_errors import typing_errors


def test_a_profile_has_rules_with_times() -> None:
    """Durations become microseconds; without a clear condition it is the opposite of the condition."""
    profile = parse_profile(MANHOLE, file="manhole.toml")
    tilted, opened = profile.spec.alarms
    assert (tilted.for_us, tilted.clear_us, tilted.clear_text) == (20_000_000, 3_000_000, "tilt_deg < 8")
    assert (opened.on, opened.until, opened.for_us) == ("manhole.opened", ("manhole.closed",), 0)
    plain = parse_profile(MANHOLE.replace('clear_when = "tilt_deg < 8"\n', ""), file="manhole.toml")
    assert plain.spec.alarms[0].clear_text == "not (tilt_deg >= 10)"


def test_the_digest_is_of_the_text() -> None:
    """The same text has the same digest, and any change another."""
    first, same = parse_profile(MANHOLE, file="a.toml"), parse_profile(MANHOLE, file="b.toml")
    other = parse_profile(MANHOLE + "# note\n", file="a.toml")
    assert first.digest == same.digest != other.digest
    assert re.fullmatch("[0-9a-f]{64}", first.digest)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("count = 4", "count = 126", "modbus.blocks.state.count"),
        ("count = 8", "count = 2001", "modbus.blocks.bits.count"),
        ("[modbus.blocks.state]", '[modbus]\nlatest = "20ms"\n[modbus.blocks.state]', "modbus.latest"),
        ("[modbus.blocks.state]", '[modbus]\nanswer = "0s"\n[modbus.blocks.state]', "modbus.answer"),
        ("[modbus.blocks.state]", '[modbus]\nlatest = "11s"\n[modbus.blocks.state]', "modbus.latest"),
        ("address = 0\ncount = 4", "address = 65533\ncount = 4", "modbus.blocks.state.count"),
        ('{ block = "state", at = 0', '{ block = "stat", at = 0', "values.tilt_deg.modbus.block"),
        ('{ block = "state", at = 0', '{ block = "bits", at = 0', "values.tilt_deg.modbus.block"),
        ('{ block = "bits", at = 7 }', '{ block = "state", at = 1 }', "values.open.modbus.block"),
        ('{ block = "bits", at = 7 }', '{ block = "bits", at = 8 }', "values.open.modbus.at"),
        ("at = 0, scale", "at = 4, scale", "values.tilt_deg.modbus.at"),
        ("at = 0, scale", 'at = 3, encoding = "f32", scale', "values.tilt_deg.modbus.at"),
        ("range = [0, 180]", "range = [180, 0]", "values.tilt_deg.range"),
        ("range = [0, 180]", "range = [nan, 180]", "values.tilt_deg.range"),
        ("range = [0, 180]", "deadband = inf", "values.tilt_deg.deadband"),
        ("at = 0, scale = 0.1", "at = 0, scale = 0.1, unknown = [65536]", "values.tilt_deg.modbus.unknown"),
        ("at = 0, scale = 0.1", 'at = 0, encoding = "s16", unknown = [65535]', "values.tilt_deg.modbus.unknown"),
        (
            "[values.tilt_deg]",
            '[values."tilt.deg"]\ntype = "int"\ndescription = "d"\n[values.tilt_deg]',
            "values.tilt.deg",
        ),
        ("[values.tilt_deg]", '[values.known]\ntype = "int"\ndescription = "d"\n[values.tilt_deg]', "values.known"),
        ("at = 0, scale = 0.1", "at = 0, scale = nan", "values.tilt_deg.modbus.scale"),
        ("at = 0, scale = 0.1", "at = 0, scale = 0", "values.tilt_deg.modbus.scale"),
        ('silent_after = "15m"', 'silent_after = "0s"', "liveness.silent_after"),
        ('rule = "manhole.open"', 'rule = "manhole.tilted"', "alarms[1].rule"),
        ('rule = "manhole.open"', 'rule = "device.silent"', "alarms[1].rule"),
        ('rule = "manhole.open"', 'rule = "agent.open"', "alarms[1].rule"),
        ('on = "manhole.opened"', 'on = "manhole.opened"\nwhen = "open"', "alarms[1].on"),
        ('on = "manhole.opened"\n', "", "alarms[1].on"),
        ('on = "manhole.opened"', 'on = "manhole.eaten"', "alarms[1].on"),
        ('until = ["manhole.closed"]', 'until = ["manhole.shut"]', "alarms[1].until"),
        ('until = ["manhole.closed"]', "", "alarms[1].until"),
        ('until = ["manhole.closed"]', 'until = ["manhole.closed"]\nfor = "1s"', "alarms[1].on"),
        ('until = ["manhole.closed"]', 'until = ["manhole.closed"]\nclear = "1s"', "alarms[1].on"),
        ('until = ["manhole.closed"]', 'until = ["manhole.closed"]\nclear_when = "open"', "alarms[1].on"),
        ('when = "tilt_deg >= 10"', 'when = "tilt_deg >= 10"\nuntil = ["manhole.closed"]', "alarms[0].until"),
        ('when = "tilt_deg >= 10"', 'when = "tilt_deg >= 10"\nremind = "500ms"', "alarms[0].remind"),
        ('when = "tilt_deg >= 10"', 'when = "tilt_deg >= 10"\nevery = "3d"', "alarms[0].every"),
        ('on = "manhole.opened"', 'on = "manhole.opened"\nmissing = "manhole.closed"', "alarms[1].on"),
        ('on = "manhole.opened"', 'missing = "manhole.closed"', "alarms[1].every"),
        ('on = "manhole.opened"', 'missing = "manhole.closed"\nevery = "0s"', "alarms[1].every"),
        ('on = "manhole.opened"', 'missing = "manhole.closed"\nevery = "3d"', "alarms[1].missing"),
        ('on = "manhole.opened"', 'missing = "manhole.shut"\nevery = "3d"', "alarms[1].missing"),
        ('when = "tilt_deg >= 10"', 'when = "tilt >= 10"', "alarms[0].when"),
        ('when = "tilt_deg >= 10"', "when = \"tilt_deg == 'steep'\"", "alarms[0]"),
        ('clear_when = "tilt_deg < 8"', "clear_when = \"'flat' == tilt_deg\"", "alarms[0]"),
        ('when = "tilt_deg >= 10"', 'when = "tilt_deg.real >= 10"', "alarms[0].when"),
        ('clear_when = "tilt_deg < 8"', 'clear_when = "tilt < 8"', "alarms[0].clear_when"),
        ('clear_when = "tilt_deg < 8"', 'clear_when = "tilt_deg <"', "alarms[0].clear_when"),
        ('for = "20s"', 'for = "20"', "alarms[0].for"),
        ('for = "20s"', 'hold = "20s"', "alarms[0].hold"),
        ('type = "float"', 'type = "complex"', "values.tilt_deg.type"),
        ('kind = "manhole"', 'kind = "Manhole Cover"', "kind"),
        ('kind = "manhole"', 'kind = "manhole"\ncolour = "grey"', "colour"),
        ('title = "Manhole cover"\n', "", "title"),
        ("[liveness]", '[retention]\nraw = "59m"\n[liveness]', "retention.raw"),
        ("[liveness]", '[retention]\nraw = "500d"\n[liveness]', "retention.minute"),
        ("[liveness]", '[retention]\nminute = "4000d"\n[liveness]', "retention.hour"),
        ("[liveness]", '[retention]\nevents = "29d"\n[liveness]', "retention.events"),
        ("[liveness]", '[retention]\nday = "29d"\n[liveness]', "retention.day"),
    ],
)
def test_every_fault_names_file_and_key(old: str, new: str, key: str) -> None:
    """A profile with one fault is refused with the file and the key of that fault."""
    assert old in MANHOLE
    with pytest.raises(ConfigError) as caught:
        parse_profile(MANHOLE.replace(old, new, 1), file="manhole.toml")
    assert (caught.value.file, caught.value.key) == ("manhole.toml", key)


def test_a_latched_event_rule_needs_no_until() -> None:
    """What only a person clears names no clearing event."""
    text = MANHOLE.replace('until = ["manhole.closed"]', "latch = true")
    assert parse_profile(text, file="manhole.toml").spec.alarms[1].latch


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.toml")), ids=lambda path: path.stem)
def test_built_in_profiles_load(path: Path) -> None:
    """Each profile that we ship is sound, and is called what its file is called."""
    profile = parse_profile(path.read_text(encoding="utf-8"), file=str(path))
    assert profile.kind == path.stem
    assert load_profiles()[path.stem] == profile


def test_a_folder_adds_kinds(tmp_path: Path) -> None:
    """A new kind of device is one more file; other files are ignored."""
    (tmp_path / "manhole.toml").write_text(MANHOLE)
    (tmp_path / "notes.txt").write_text("nothing")
    profiles = load_profiles([tmp_path])
    assert profiles["manhole"].spec.title == "Manhole cover"
    assert profiles.keys() > {"manhole"}


def test_two_profiles_of_one_kind_are_refused(tmp_path: Path) -> None:
    """The second file is named, and says where the first one is."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(MANHOLE)
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path / "a.toml"))) as caught:
        load_profiles([tmp_path])
    assert (caught.value.file, caught.value.key) == (str(tmp_path / "b.toml"), "kind")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A folder that is missing, and a file that is no text."""
    with pytest.raises(ConfigError) as caught:
        load_profiles([tmp_path / "missing"])
    assert caught.value.file == str(tmp_path / "missing")
    (tmp_path / "latin.toml").write_bytes(b"kind = '\xe9'")
    with pytest.raises(ConfigError) as caught:
        load_profiles([tmp_path])
    assert caught.value.file == str(tmp_path / "latin.toml")


FREE = re.compile(r"\.codes\.stray$|^judge\.limits\.")  # any code may be known; limits are the judge's to check


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.toml")), ids=lambda path: path.stem)
def test_every_typing_error_of_a_profile_names_its_key(path: Path) -> None:
    """A wrong type at each key of a built-in file, a stray key in each of its tables."""
    for key, text in typing_errors(tomllib.loads(path.read_text(encoding="utf-8"))):
        if not FREE.search(key):
            with pytest.raises(ConfigError) as caught:
                parse_profile(text, file="x.toml")
            assert (caught.value.file, caught.value.key) == ("x.toml", key)
