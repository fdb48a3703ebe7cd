"""The hub's config: every key is checked."""

import tomllib

import pytest

from device_profiles.config import parse_toml
from device_profiles.errors import ConfigError
from hub.config import EXAMPLE, HubConfig
from tests.typing_errors import typing_errors

MORE = '\nusername = "hub"\npassword_file = "a"\nca_file = "b"\n'
FULL = tomllib.loads(EXAMPLE.replace("[journal]", f"{MORE}\n[journal]").replace("profiles = []", 'profiles = ["a"]'))


@pytest.mark.parametrize(("key", "text"), [pytest.param(*error, id=error[0]) for error in typing_errors(FULL)])
def test_every_typing_error_names_its_key(key: str, text: str) -> None:
    """A wrong type at each key, a stray key in each table."""
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, HubConfig, file="hub.toml")
    assert (caught.value.file, caught.value.key) == ("hub.toml", key)
