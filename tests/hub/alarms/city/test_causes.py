"""Causes: what explains an alarm must not be explained by it, or both would be quiet."""

import pytest

from device_profiles.errors import ConfigError
from hub.alarms.city.policy import compile_policy, parse_policy

NOBODY: frozenset[str] = frozenset()


def cause(rule: str, *folds: str) -> str:
    """Return the text of a cause."""
    return f"[[causes]]\nrule = {rule!r}\nfolds = {list(folds)!r}\n"


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (cause("a.b", "a.c") + cause("a.c", "a.b"), "causes[0].folds", "a.b, a.c, a.b"),
        (cause("a.b", "a.c") + cause("a.c", "a.d") + cause("a.d", "a.c*"), "causes[1].folds", "a.c, a.d, a.c"),
        (cause("device.silent", "agent.*"), "causes[0].folds", "device.silent, agent.offline, device.silent"),
        (cause("*", "a.b"), "causes[0].rule", "no name of a rule"),
        (cause("a.b"), "causes[0].folds", "names no rule"),
        ("lease = '0s'", "lease", "longer than 0"),
    ],
)
def test_a_policy_that_would_hide_alarms_is_refused(text: str, key: str, words: str) -> None:
    """With the circle; what a journal has of old is judged as it was."""
    with pytest.raises(ConfigError, match=words.replace("*", r"\*")) as caught:
        parse_policy(text, file="policy.toml", receivers=NOBODY)
    assert (caught.value.file, caught.value.key) == ("policy.toml", key)
    assert compile_policy(text) is not None


def test_causes_may_form_a_chain() -> None:
    """Power explains the node, the node its devices; a star does not mean the cause itself."""
    parse_policy(cause("power.lost", "agent.offline", "*") + cause("a.b", "a.*"), file="p", receivers=NOBODY)
    with pytest.raises(ConfigError):
        parse_policy(cause("power.lost", "*") + cause("a.b", "*"), file="p", receivers=NOBODY)
