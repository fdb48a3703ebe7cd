"""Rules of sites and their cases: every fault is named by file and key."""

from pathlib import Path
from typing import get_args

import pytest

from device_profiles.errors import ConfigError
from device_profiles.profile import load_profiles
from device_profiles.specs.site_spec import CloseReason
from hub.alarms.transitions import ActReason
from tests.device_profiles.manholes import MANHOLE

SITE_RULE = """
[[alarms]]
rule = "street.sinking"
severity = "life"
title = "Street sinks"
subject = "site"
need = 2
within = "10s"
near = "30m"
latch = true
closes_with = ["inspected"]
case = { rule = "street.look", severity = "major", title = "Look at the street" }

[alarms.keys]
cover = { kind = "manhole", when = "tilt_deg >= 10", another = true, physics = ["ground"] }
opened = { on = "manhole.opened", follows = "60s" }
caller = { on = "person.reported_hole" }
"""


def test_a_site_has_a_rule_of_keys(tmp_path: Path) -> None:
    """What people report needs no profile; one key that another may turn too is enough for two."""
    (tmp_path / "manhole.toml").write_text(MANHOLE + SITE_RULE)
    rule = load_profiles([tmp_path])["manhole"].spec.alarms[-1]
    assert (rule.subject, rule.near, rule.closes_with) == ("site", "30m", ("inspected",))
    assert rule.case is not None
    assert rule.case.rule == "street.look"
    alone = SITE_RULE[: SITE_RULE.index("opened =")]
    (tmp_path / "manhole.toml").write_text(MANHOLE + alone)
    assert len(load_profiles([tmp_path])["manhole"].spec.alarms[-1].keys) == 1


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("need = 2", "need = 1", "alarms[2].need"),
        ("need = 2", "need = 5", "alarms[2].need"),
        ("need = 2\n", "", "alarms[2].need"),
        ('within = "10s"\n', "", "alarms[2].within"),
        ('near = "30m"\n', "", "alarms[2].near"),
        ('near = "30m"', 'near = "201m"', "alarms[2].near"),
        ('near = "30m"', 'near = "0m"', "alarms[2].near"),
        ('near = "30m"', 'near = "30"', "alarms[2].near"),
        ("latch = true\n", "", "alarms[2].closes_with"),
        ('latch = true\ncloses_with = ["inspected"]\n', "", "alarms[2].latch"),
        ('["inspected"]', '["bored"]', "alarms[2].closes_with"),
        ('subject = "site"', 'subject = "site"\nwhen = "open"', "alarms[2].when"),
        ('subject = "site"', 'subject = "site"\nclear = "3s"', "alarms[2].clear"),
        ('subject = "site"\n', 'subject = "asset"\n', "alarms[2].near"),
        ('rule = "street.look"', 'rule = "street.sinking"', "alarms[2].case.rule"),
        ("need = 2", 'need = 2\nfolds = ["manhole.gone"]', "alarms[2].folds"),
        ("need = 2", 'need = 2\nfolds = ["manhole.open"]', ""),
        ('on = "manhole.opened", follows', 'on = "manhole.opened", when = "open", follows', ""),
        ('severity = "major"', 'severity = "life"', "alarms[2].case.severity"),
        ('near = "30m"\n', 'near = "30m"\nremind = "60s"\n', "alarms[2].remind"),
        ('when = "tilt_deg >= 10"', 'when = "tilt >= 10"', "alarms[2].keys.cover.when"),
        ('kind = "manhole"', 'kind = "man_hole"', "alarms[2].keys.cover.kind"),
        ('kind = "manhole", when = "tilt_deg', 'when = "tilt_of_nothing', "alarms[2].keys.cover.when"),
        ('{ on = "manhole.opened", follows', '{ kind = "manhole", follows', "alarms[2].keys.opened"),
        ('kind = "manhole", when', "when", ""),
        ('"manhole.opened"', '"manhole.eaten"', "alarms[2].keys.opened.on"),
        ('rule = "street.look"', 'rule = "road.look"', ""),
    ],
)
def test_a_fault_in_a_sites_rule_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    """File and key of what is wrong; what has no key is well."""
    assert old in SITE_RULE
    (tmp_path / "manhole.toml").write_text(MANHOLE + SITE_RULE.replace(old, new, 1))
    if not key:
        assert load_profiles([tmp_path])
        return
    with pytest.raises(ConfigError) as caught:
        load_profiles([tmp_path])
    assert caught.value.file == str(tmp_path / "manhole.toml")
    assert caught.value.key.startswith(key)


def test_a_case_takes_its_name_for_itself(tmp_path: Path) -> None:
    """Two rules of sites cannot share the name of their case."""
    (tmp_path / "a.toml").write_text(MANHOLE + SITE_RULE)
    other = MANHOLE.replace('kind = "manhole"', 'kind = "other"') + SITE_RULE.replace("street.sinking", "street.gone")
    (tmp_path / "b.toml").write_text(other)
    with pytest.raises(ConfigError, match=r"street\.look.*already defined"):
        load_profiles([tmp_path])


def test_reasons_to_close_are_those_of_the_hub() -> None:
    """The contract names what the hub's people may say."""
    assert set(get_args(CloseReason)) == {reason.value for reason in ActReason}
