"""The agent's config is refused with file and key, or it is right."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from device_profiles.config import parse_toml
from device_profiles.errors import ConfigError
from device_profiles.profile import BUILT_IN, parse_profile
from edge_agent.config import AgentConfig, load_config
from edge_agent.example import EXAMPLE
from edge_agent.judge import judge_of
from tests.edge_agent.configs import TEXT, write_config
from tests.typing_errors import typing_errors


def test_paths_are_relative_to_the_config(tmp_path: Path) -> None:
    """Wherever the program was started."""
    (tmp_path / "kinds").mkdir()
    text = (BUILT_IN / "lift_terminal.toml").read_text(encoding="utf-8")
    (tmp_path / "kinds" / "crane.toml").write_text(text.replace('"lift_terminal"', '"crane"'), encoding="utf-8")
    path = write_config(tmp_path)
    path.write_text(
        path.read_text(encoding="utf-8")
        .replace('data = "data"', 'data = "data"\nprofiles = ["kinds"]')
        .replace('"lift_terminal"', '"crane"'),
        encoding="utf-8",
    )
    loaded = load_config(path)
    assert loaded.data == tmp_path / "data"
    assert list(loaded.profiles) == list(loaded.judges) == ["crane"]
    assert str(loaded.config.address) == "hz/xiacheng/chaoming/chaoming-01"
    assert [(b.device, b.asset) for b in loaded.config.bindings] == [("lift-01", "LIFT-01"), ("lift-02", "")]


def test_the_example_says_what_the_defaults_are() -> None:
    """What stands in the example is what happens without it."""
    example = parse_toml(EXAMPLE, AgentConfig, file="example")
    defaults = {field.name: field.default for field in msgspec.structs.fields(AgentConfig)}
    assert (example.broker, example.outbox) == (defaults["broker"], defaults["outbox"])


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('agent = "chaoming-01"', 'agent = "Chaoming.01"', "agent"),
        ('"hz/xiacheng/chaoming"', '"hz/xiacheng"', "area"),
        ("mqtt://127.0.0.1:1883", "http://127.0.0.1", "broker.url"),
        ("[outbox]", '[outbox]\nmax_bytes = "1kB"', "outbox.max_bytes"),
        ("[outbox]", "[outbox]\nmax_bytes = 5", "outbox.max_bytes"),
        ("[outbox]", '[outbox]\nmax_age = "0s"', "outbox.max_age"),
        ('reserve_bytes = "1MB"', 'reserve_bytes = "10kB"', "outbox.reserve_bytes"),
        ("[broker]", '[broker]\npassword_file = "nowhere"', "broker.password_file"),
        ("[broker]", '[broker]\nca_file = "nowhere"', "broker.ca_file"),
        ("[broker]", '[broker]\nca_file = "agent.toml"', "broker.ca_file"),
        ("[broker]", '[broker]\npassword_file = "agent.toml"', "broker.username"),
        ('port = "line"', 'port = "tcp://host:502"', "lines[0].port"),
        ('port = "line"', 'port = "socket://host"', "lines[0].port"),
        ('port = "line"', 'port = "socket:/host:502"', "lines[0].port"),
        ('port = "line"', 'port = "socket://box..street:502"', "lines[0].port"),
        ('port = "line"', 'port = "rfc2217://host:99999"', "lines[0].port"),
        ('port = "line"', 'port = "hwgrep://["', "lines[0].port"),
        ('data = "data"', 'data = "data"\nprofiles = ["nowhere"]', "profiles[0]"),
        ('data = "data"', 'data = "data"\nfolder = "x"', ""),
        ("unit = 2", "unit = 1", "lines[0].slaves[1].unit"),
        ("unit = 2", "unit = 248", "lines[0].slaves[1].unit"),
        ('device = "lift-02"', 'device = "lift-01"', "lines[0].slaves[1].device"),
        ('device = "lift-02"\nprofile = "lift_terminal"', 'device = "lift-02"\nprofile = "lft"',
         "lines[0].slaves[1].profile"),
        ('port = "line"', 'port = "line"\nparity = "X"', "lines[0].parity"),
        ('port = "line"', 'port = ""', "lines[0].port"),
    ],
)  # fmt: skip
def test_a_fault_names_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    """The operator finds it."""
    path = write_config(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert caught.value.file == str(path)
    assert caught.value.key.endswith(key)


def test_a_port_serves_one_line(tmp_path: Path) -> None:
    """Two masters on one bus talk over each other."""
    path = write_config(tmp_path)
    second = TEXT[TEXT.index("[[lines]]") :].format(port="line").replace("lift-0", "lift-1")
    path.write_text(path.read_text(encoding="utf-8") + second, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"lines\[1\]\.port: 'line' is used twice"):
        load_config(path)


MORE = '\nusername = "hub"\npassword_file = "a"\nca_file = "b"\n'
FULL = tomllib.loads(EXAMPLE.replace("[outbox]", f"{MORE}\n[outbox]").replace("profiles = []", 'profiles = ["a"]'))


@pytest.mark.parametrize(("key", "text"), [pytest.param(*error, id=error[0]) for error in typing_errors(FULL)])
def test_every_typing_error_names_its_key(key: str, text: str) -> None:
    """A wrong type at each key, a stray key in each table."""
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, AgentConfig, file="agent.toml")
    assert (caught.value.file, caught.value.key) == ("agent.toml", key)


def test_every_typing_error_of_a_judges_limits_names_its_key() -> None:
    """The judge checks them: no limit that it does not know, none that is no duration."""
    table = tomllib.loads((BUILT_IN / "lift_terminal.toml").read_text(encoding="utf-8"))
    limits = [error for error in typing_errors(table) if error[0].startswith("judge.limits.")]
    assert len(limits) > 5
    for key, text in limits:
        with pytest.raises(ConfigError) as caught:
            judge_of(parse_profile(text, file="x.toml"))
        assert (caught.value.file, caught.value.key) == ("x.toml", key)
