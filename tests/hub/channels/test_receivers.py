"""Receivers come from the hub's config, and each fault in it names its key."""

from pathlib import Path

import pytest

from device_profiles.errors import ConfigError
from hub.config import read_config

HEAD = 'hub = "x"\ndata = "data"\n'
HOOK = '[[receivers]]\nname = "hook"\nchannel = "webhook"\nurl = "http://127.0.0.1:1/a"\n'
MAIL = '[[receivers]]\nname = "mail"\nchannel = "mail"\nserver = "127.0.0.1:25"\nsender = "a@b"\nto = ["c@d"]\n'
CAP = '[[receivers]]\nname = "cap"\nchannel = "cap"\nsender = "x@y"\n'


def config(folder: Path, text: str) -> Path:
    """Write a hub's config."""
    path = folder / "hub.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_all_channels_are_read(tmp_path: Path) -> None:
    """One of each, with what they share and what is theirs."""
    text = HOOK + 'fallback = "mail"\nleast = "major"\n' + MAIL + CAP + 'folder = "cap"\n'
    text += '[[receivers]]\nname = "am"\nchannel = "alertmanager"\nurl = "http://127.0.0.1:9093"\n'
    text += '[[receivers]]\nname = "sms"\nchannel = "command"\nargv = ["sms", "--stdin"]\n'
    found = read_config(config(tmp_path, text)).config.receivers
    assert [receiver.name for receiver in found] == ["hook", "mail", "cap", "am", "sms"]
    assert (found[0].least, found[0].fallback, found[1].dead_after) == ("major", "mail", "1h")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (HOOK.replace("webhook", "pigeon"), "receivers[0].channel"),
        (HOOK + 'urll = "x"\n', "receivers[0].urll"),
        (HOOK + 'least = "awful"\n', "receivers[0].least"),
        (HOOK.replace("http://", "ftp://"), "receivers[0].url"),
        (HOOK.replace("127.0.0.1:1", "[::1"), "receivers[0].url"),
        (HOOK.replace('"hook"', '"mqtt"'), "receivers[0].name"),
        (HOOK.replace('"hook"', '"a b"'), "receivers[0].name"),
        (HOOK + HOOK, "receivers[1].name"),
        (HOOK + 'fallback = "nobody"\n', "receivers[0].fallback"),
        (HOOK + 'fallback = "hook"\n', "receivers[0].fallback"),
        (HOOK + 'fallback = "mail"\n' + MAIL + 'fallback = "hook"\n', "receivers[0].fallback"),
        (HOOK + 'changes = ["raised", "risen"]\n', "receivers[0].changes"),
        (HOOK + 'dead_after = "0s"\n', "receivers[0].dead_after"),
        (HOOK + "burst = 0\n", "receivers[0].burst"),
        (CAP, "receivers[0].folder"),
        (CAP.replace("x@y", "x y") + 'folder = "cap"\n', "receivers[0].sender"),
        (MAIL.replace(":25", ""), "receivers[0].server"),
        (MAIL.replace("c@d", "cd"), "receivers[0].to"),
        (MAIL.replace("c@d", "c@"), "receivers[0].to"),  # these three ended the hub with its first alarm
        (MAIL.replace("c@d", "c@[1.2"), "receivers[0].to"),
        (MAIL.replace("a@b", " :?]]>@"), "receivers[0].sender"),
        (MAIL.replace("c@d", "c@d, e@f"), "receivers[0].to"),
        (MAIL.replace("c@d", "c@d\\u0085e"), "receivers[0].to"),
        (MAIL + 'username = "u"\n', "receivers[0].password_file"),
        (MAIL + 'username = "u"\npassword_file = "p"\ntls = "none"\n', "receivers[0].tls"),
        ('[[receivers]]\nname = "c"\nchannel = "command"\nargv = []\n', "receivers[0].argv"),
    ],
)
def test_a_fault_names_its_key(tmp_path: Path, text: str, key: str) -> None:
    """Exit 2 with file and key, before anything runs."""
    with pytest.raises(ConfigError) as caught:
        read_config(config(tmp_path, text))
    assert caught.value.key == key
    assert "hub.toml" in str(caught.value)


def test_secrets_stay_in_files_that_can_be_read(tmp_path: Path) -> None:
    """`hub check` says which file is missing."""
    settings = read_config(config(tmp_path, HOOK + 'secret_file = "secret"\n'))
    with pytest.raises(ConfigError) as caught:
        settings.check_receivers()
    assert caught.value.key == "receivers[0].secret_file"
    (tmp_path / "secret").write_text("at least sixteen bytes", encoding="utf-8")
    settings.check_receivers()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (HOOK + 'secret_file = "file"\n', "receivers[0].secret_file"),
        (HOOK + 'ca_file = "file"\n', "receivers[0].ca_file"),
        (MAIL + 'ca_file = "file"\n', "receivers[0].ca_file"),
    ],
)
def test_a_check_opens_what_a_run_opens(tmp_path: Path, text: str, key: str) -> None:
    """A secret that is too short, a certificate that is none: `hub check` said ok, and `hub run` ended."""
    (tmp_path / "file").write_text("none", encoding="utf-8")
    settings = read_config(config(tmp_path, text))
    with pytest.raises(ConfigError) as caught:
        settings.check_receivers()
    assert caught.value.key == key
    assert str(tmp_path / "file") in str(caught.value)


def test_a_certificate_of_agents_is_opened_too(tmp_path: Path) -> None:
    """That of [evidence]."""
    (tmp_path / "file").write_text("none", encoding="utf-8")
    settings = read_config(config(tmp_path, '[evidence]\nca_file = "file"\n'))
    with pytest.raises(ConfigError) as caught:
        settings.check_evidence()
    assert caught.value.key == "evidence.ca_file"
