"""[[platforms]] is refused with file and key, or it is right."""

from pathlib import Path

import pytest

from device_profiles.errors import ConfigError
from device_profiles.wire import Binding
from edge_agent.config import load_config
from edge_agent.sources.platforms.config import HttpPlatform, MqttPlatform, read_token
from tests.edge_agent.sources.platforms.rig import ONE, TWO, config, http

TEXT = f"""[[platforms]]
kind = "http"
name = "platform-nanhu"
dialect = "code11"
listen = "127.0.0.1:8085"
token_file = "token"

[platforms.devices.{ONE}]
device = "lift-01"
asset = "LIFT-01"

[[platforms]]
kind = "mqtt"
name = "platform-east"
dialect = "nocode"
topic = "lifts/push/+"
broker = {{ url = "mqtt://127.0.0.1:1884" }}
max_body = "64kB"
trust_time = false

[platforms.devices.{TWO}]
device = "lift-02"
"""


def test_platforms_and_their_devices_are_born(tmp_path: Path) -> None:
    """Each platform is a device of its own, beside those that it speaks of."""
    (tmp_path / "token").write_text("secret\n", encoding="utf-8")
    loaded = load_config(config(tmp_path, TEXT))
    first, second = loaded.config.platforms
    assert isinstance(first, HttpPlatform)
    assert isinstance(second, MqttPlatform)
    assert (first.host_port, read_token(first, loaded.folder)) == (("127.0.0.1", 8085), "secret")
    assert loaded.config.bindings == (
        Binding("platform-nanhu", "platform_feed"),
        Binding("lift-01", "lift_platform", "LIFT-01"),
        Binding("platform-east", "platform_feed"),
        Binding("lift-02", "lift_platform"),
    )
    assert sorted(loaded.profiles) == ["lift_platform", "platform_feed"]


@pytest.mark.parametrize(
    ("listen", "exposed"), [("127.0.0.1:1", False), ("[::1]:1", False), ("0.0.0.0:1", True), ("[::]:1", True)]
)
def test_a_door_that_is_open_to_all_is_known(listen: str, exposed: bool) -> None:
    """``edge-agent check`` says so; a token shuts it."""
    assert http(listen=listen).exposed is exposed
    assert not http(listen=listen, token_file="t").exposed


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('kind = "http"', 'kind = "ftp"', "platforms[0].kind"),
        ('dialect = "code11"', 'dialect = "code12"', "platforms[0].dialect"),
        ('dialect = "code11"', 'dialect = "code11"\nprofile = "lift"', "platforms[0].profile"),
        ('dialect = "code11"', 'dialect = "code11"\nprofile = "lift_terminal"', "platforms[0].profile"),
        ('dialect = "code11"', 'dialect = "code11"\ntopic = "x"', "platforms[0].topic"),
        ('"127.0.0.1:8085"', '"8085"', "platforms[0].listen"),
        ('"127.0.0.1:8085"', '"127.0.0.1:99999"', "platforms[0].listen"),
        ('listen = "127.0.0.1:8085"', 'path = "lifts"', "platforms[0].path"),
        ('token_file = "token"', 'token_file = "none"', "platforms[0].token_file"),
        (ONE, ONE[1:], f"platforms[0].devices.{ONE[1:]}"),
        ('device = "lift-02"', 'device = "lift-01"', f"platforms[1].devices.{TWO}.device"),
        ('name = "platform-east"', 'name = "lift-01"', "platforms[1].name"),
        ('"lifts/push/+"', '"lifts/#/x"', "platforms[1].topic"),
        ('"lifts/push/+"', '"lifts/a+"', "platforms[1].topic"),
        ("mqtt://127.0.0.1:1884", "http://127.0.0.1", "platforms[1].broker.url"),
        ('max_body = "64kB"', 'max_body = "1GB"', "platforms[1].max_body"),
        (f'[platforms.devices.{TWO}]\ndevice = "lift-02"', "[platforms.devices]", "platforms[1].devices"),
    ],
)
def test_a_fault_names_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    """One line for whoever wrote it."""
    assert old in TEXT
    (tmp_path / "token").write_text("secret\n", encoding="utf-8")
    path = config(tmp_path, TEXT.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert (caught.value.file, caught.value.key) == (str(path), key)
