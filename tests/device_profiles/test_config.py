"""A typing error in a file is an error that names the file and the key."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.config import (
    MAX_TEXT,
    Duration,
    Size,
    duration_s,
    duration_us,
    parse_toml,
    read_text,
    read_toml,
    size_bytes,
    write_new,
)
from device_profiles.errors import ConfigError


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the record under test."""

    port: str
    baud: Annotated[int, msgspec.Meta(ge=300)] = 19_200


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record under test."""

    agent: str
    wait: Duration = "10s"
    room: Size = "1MB"
    lines: tuple[Line, ...] = ()
    main: Line | None = None
    spare: dict[str, Line] = {}
    rooms: dict[str, dict[str, int]] = {}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("agent = 1", "agent"),
        ("", "agent"),
        ("agent = 'a'\nagnt = 'b'", "agnt"),
        ("agent = 'a'\nwait = '10 s'", "wait"),
        ("agent = 'a'\nwait = '10s\\n'", "wait"),
        ("agent = 'a'\n[[lines]]\nport = 'x'\n[[lines]]\nport = 1", "lines[1].port"),
        ("agent = 'a'\n[[lines]]\nport = 'x'\nboud = 300", "lines[0].boud"),
        ("agent = 'a'\n[[lines]]\nbaud = 300", "lines[0].port"),
        ("agent = 'a'\n[main]\nport = 'x'\nbaud = 299", "main.baud"),
        ("agent = 'a'\n[main]\nport = 'x'\nbaud = 9600.5", "main.baud"),
        ("agent = 'a'\nlines = 3", "lines"),
        ("agent = 'a'\n[spare.a]\nport = 'x'\n[spare.b]\nport = 1", "spare.b.port"),
        ("agent = 'a'\n[spare.a]\nport = 'x'\n[spare.b]\nport = 'x'\nboud = 1", "spare.b.boud"),
        ("agent = 'a'\n[rooms.a]\nx = 1\n[rooms.'b.c']\nx = 1\ny = 'two'", "rooms.b.c.y"),
        ("agent = 'a'\nwait = 1979-05-27", "wait"),
        ("agent = 'a", "line 1, column 12"),
        ("agent = 'a'\nagent = 'b'", "line 2, column 12"),
        ("agent = ", "line 1, column 9"),
        ("agent = 'a'\nwait = '100000d'", "wait"),
        ("agent = 'a'\nroom = '\u0663MB'", "room"),
        ("agent = 'a'\nroom = '1000000000GB'", "room"),
        ('agent = "a\\u0000"', "agent"),
        ('agent = "a"\n[[lines]]\nport = "b"\n[[lines]]\nport = "\\u0000"', "lines[1].port"),
    ],
)
def test_every_error_names_file_and_key(text: str, key: str) -> None:
    """An unknown, missing or wrong key, or the line of a syntax error, stands in the error."""
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, Config, file="agent.toml")
    assert caught.value.file == "agent.toml"
    assert caught.value.key == key or (key.startswith("line") and caught.value.key in (key, "end of document"))
    assert str(caught.value).startswith(f"agent.toml: {caught.value.key}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "hint"), [("wait", "write 200ms, 20s, 5m, 12h or 3d"), ("room", "write 64kB, 256MB or 2GB")]
)
def test_what_is_no_duration_or_size_is_told_how_one_is_written(key: str, hint: str) -> None:
    """In words, and not as a pattern."""
    with pytest.raises(ConfigError, match=hint):
        parse_toml(f"agent = 'a'\n{key} = '1 week'", Config, file="agent.toml")


@pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = " + "[" * 5000])
def test_texts_that_break_the_parser_are_errors_too(text: str) -> None:
    """An endless number or endless brackets are named like any other fault."""
    with pytest.raises(ConfigError, match=r"agent\.toml"):
        parse_toml(text, Config, file="agent.toml")


def test_a_good_file_is_the_record(tmp_path: Path) -> None:
    """Defaults are filled in and tables become records."""
    path = tmp_path / "agent.toml"
    path.write_text("agent = 'a'\n[[lines]]\nport = '/dev/ttyS0'\n")
    assert read_toml(path, Config) == Config("a", lines=(Line("/dev/ttyS0"),))


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    """Editors of Windows put one before the text, and line ends of their own into it."""
    path = tmp_path / "agent.toml"
    path.write_bytes(b"\xef\xbb\xbfagent = 'a'\r\nwait = '1s'\r\n")
    assert read_toml(path, Config) == Config("a", wait="1s")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are no text each give an error with the file's name."""
    (tmp_path / "latin.toml").write_bytes(b"agent = '\xe9'")
    for name in ("missing.toml", ".", "latin.toml"):
        with pytest.raises(ConfigError) as caught:
            read_toml(tmp_path / name, Config)
        assert caught.value.file == str(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "us"),
    [("200ms", 200_000), ("20s", 20_000_000), ("1.5m", 90_000_000), ("12h", 43_200_000_000), ("0s", 0)],
)
def test_durations(text: str, us: int) -> None:
    """A duration is a number and a unit."""
    assert duration_us(text) == us
    assert duration_s(text) == us / 1e6


@given(text=st.text(max_size=12) | st.from_regex(r"\A[0-9]{0,12}(\.[0-9]{0,8})?(ms|s|m|h|d)?\Z"))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    """What a config accepts as a duration is exactly what can be turned into microseconds."""
    try:
        msgspec.convert(text, Duration)
    except msgspec.ValidationError:
        with pytest.raises(ValueError, match="is not a duration"):
            duration_us(text)
    else:
        assert 0 <= duration_us(text) < 2**53


def test_the_longest_and_the_largest_fit_64_bits_behind_any_time() -> None:
    """What is counted from now, or kept as a number in a database, stays one."""
    assert duration_us("99999d") < 2**53
    assert size_bytes("999999999GB") < 2**63


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """What `init` writes is new; a folder that is not there is named."""
    file = tmp_path / "hub.toml"
    assert write_new(file, "hub = 'a'\n")
    assert not write_new(file, "hub = 'b'\n")
    assert file.read_text(encoding="utf-8") == "hub = 'a'\n"
    with pytest.raises(ConfigError, match="cannot be written"):
        write_new(tmp_path / "nowhere" / "hub.toml", "")


class _Level(StrEnum):
    LIFE = "life"
    MINOR = "minor"


class _Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="channel", tag="mail"):
    server: str
    least: _Level = _Level.MINOR


class _Hook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="channel", tag="webhook"):
    url: str
    form: Literal["one", "many"] = "one"


class _Receivers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    receivers: tuple[_Mail | _Hook, ...] = ()
    places: dict[str, _Hook | None] = {}


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("reciever = 1", "reciever", "did you mean `receivers`?"),
        ("xyz = 1", "xyz", "known here: receivers, places"),
        ('[[receivers]]\nchannel = "mail"\nserver = "a"\nurl = "b"', "receivers[0].url", "known here: server, least"),
        ('[[receivers]]\nchannel = "mail"\nserver = "a"\nleast = "lif"', "receivers[0].least", "one of: life, minor"),
        ('[[receivers]]\nchannel = "fax"', "receivers[0].channel", "it is one of: mail, webhook"),
        ('[places.a]\nchannel = "webhook"\nurl = "b"\nform = "few"', "places.a.form", "it is one of: many, one"),
        ('[places.a]\nchannel = "webhook"\nurl = "b"\nfrom = "one"', "places.a.from", "did you mean `form`?"),
        ('[places.a]\nchannel = "webhook"\nurl = 3', "places.a.url", "Expected `str`, got `int`"),
    ],
)
def test_what_could_stand_there_is_named(text: str, key: str, words: str) -> None:
    """A key that is not known names the nearest, a choice that is none its choices, of the record that is there."""
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, _Receivers, file="hub.toml")
    assert caught.value.key == key
    assert caught.value.message.endswith(words)


def test_what_is_no_file_or_too_big_is_refused_by_name(tmp_path: Path) -> None:
    """A device that never ends, a pipe that nobody writes to and a slip of the hand hold nobody up."""
    big, pipe = tmp_path / "big.toml", tmp_path / "pipe.toml"
    big.write_bytes(b"#" * (MAX_TEXT + 1))
    os.mkfifo(pipe)
    for path, said in (
        (Path("/dev/zero"), "is no file"),
        (pipe, "is no file"),
        (tmp_path, "is no file"),
        (big, "more than 16 MB"),
        (tmp_path / "none.toml", "No such file"),
    ):
        with pytest.raises(ConfigError, match=said) as caught:
            read_text(path)
        assert caught.value.file == str(path)
    big.write_bytes(b"#" * MAX_TEXT)
    assert len(read_text(big)) == MAX_TEXT
