"""The hub's config: every key is checked."""

import tomllib
from pathlib import Path

import pytest

from device_profiles.config import parse_toml
from device_profiles.errors import ConfigError
from hub.config import EXAMPLE, HubConfig, read_config
from tests.typing_errors import typing_errors

MORE = '\nusername = "hub"\npassword_file = "a"\nca_file = "b"\n'
FULL = tomllib.loads(EXAMPLE.replace("[journal]", f"{MORE}\n[journal]").replace("profiles = []", 'profiles = ["a"]'))


@pytest.mark.parametrize(("key", "text"), [pytest.param(*error, id=error[0]) for error in typing_errors(FULL)])
def test_every_typing_error_names_its_key(key: str, text: str) -> None:
    """A wrong type at each key, a stray key in each table."""
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, HubConfig, file="hub.toml")
    assert (caught.value.file, caught.value.key) == ("hub.toml", key)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("archive.url", 'url = "http://[::1"'),
        ("archive.url", 'url = "http://h:99999"'),
        ("archive.url", 'url = "http://user:word@h"'),
        ("archive.token_file", 'version = "2"\nbucket = "b"\ntoken_file = "empty"'),
        ("archive.token_file", 'version = "2"\nbucket = "b"\ntoken_file = "latin"'),
        ("archive.token_file", 'version = "2"\nbucket = "b"\ntoken_file = "greek"'),
        ("archive.ca_file", 'ca_file = "."'),
    ],
)
def test_an_archive_that_cannot_be_reached_so_is_refused(tmp_path: Path, key: str, text: str) -> None:
    """By what `hub check` does, and not only when the hub is started."""
    (tmp_path / "empty").write_text("\nword\n")
    (tmp_path / "latin").write_bytes(b"\xe9")
    (tmp_path / "greek").write_text("κλειδί", encoding="utf-8")  # no header holds it: the archive's thread would end
    config = tmp_path / "hub.toml"
    config.write_text(f'hub = "hub-1"\ndata = "data"\n[archive]\nkind = "influx"\n{text}\n')
    with pytest.raises(ConfigError) as caught:
        read_config(config).check_archive()
    assert (caught.value.file, caught.value.key) == (str(config), key) or caught.value.key == "archive.url"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("broker.url", 'url = "mqtt://user:word@h"'),
        ("broker.url", 'url = "mqtt://h/path"'),
        ("broker.url", 'url = "mqtt://h:0"'),
        ("broker.password_file", 'username = "u"\npassword_file = "."'),
        ("broker.password_file", 'username = "u"\npassword_file = "empty"'),
        ("broker.ca_file", 'url = "mqtts://h"\nca_file = "empty"'),
    ],
)
def test_a_broker_that_cannot_be_reached_so_is_refused(tmp_path: Path, key: str, text: str) -> None:
    """A folder is no password; who we are is not said in the address, which would pass it over."""
    (tmp_path / "empty").write_text("")
    config = tmp_path / "hub.toml"
    config.write_text(f'hub = "hub-1"\ndata = "data"\n[broker]\n{text}\n')
    with pytest.raises(ConfigError) as caught:
        read_config(config).check_broker()
    assert caught.value.key == key


def test_a_policy_names_file_and_key_and_may_begin_with_a_mark(tmp_path: Path) -> None:
    """A byte order mark is passed over; a wrong type is a key, an endless list a file."""
    config, policy = tmp_path / "hub.toml", tmp_path / "policy.toml"
    config.write_text('hub = "hub-1"\ndata = "data"\npolicy = "policy.toml"\n')
    policy.write_bytes(
        b"\xef\xbb\xbf" + b'[[maintenance]]\nname = "m"\nzone = "UTC"\nstart = 22:00:00\nend = 02:00:00\n'
    )
    assert read_config(config).read_policy().startswith("[[maintenance]]")
    for text, key in (("[[maintenance]]\nname = 1", "maintenance[0].name"), ("a = " + "[" * 5000, "")):
        policy.write_text(text)
        with pytest.raises(ConfigError) as caught:
            read_config(config).read_policy()
        assert (caught.value.file, caught.value.key) == (str(policy), key)
