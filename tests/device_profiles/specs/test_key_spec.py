"""Rules of keys: every fault is named by file and key, in one profile or between several."""

from pathlib import Path

import pytest

from device_profiles.errors import ConfigError
from device_profiles.profile import load_profiles
from tests.device_profiles.manholes import ASSET_RULE, MANHOLE


def test_an_asset_has_a_rule_of_keys(tmp_path: Path) -> None:
    """Keys may be of any profile; the whole of them is checked once all are loaded."""
    (tmp_path / "manhole.toml").write_text(MANHOLE + ASSET_RULE)
    rule = load_profiles([tmp_path])["manhole"].spec.alarms[-1]
    assert (rule.subject, rule.need, rule.within, rule.conditions) == ("asset", 2, "10s", ())
    assert (rule.keys["cover"].when, rule.keys["opened"].on) == ("tilt_deg >= 10", "manhole.opened")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("need = 2\n", "", "alarms[2].need"),
        ("need = 2", "need = 3", "alarms[2].need"),
        ("need = 2", "need = 0", "alarms[2].need"),
        ('within = "10s"\n', "", "alarms[2].within"),
        ('within = "10s"', 'within = "soon"', "alarms[2].within"),
        ('subject = "asset"', 'subject = "street"', "alarms[2].subject"),
        ('subject = "asset"\n', 'on = "manhole.opened"\nlatch = true\n', "alarms[2].keys"),
        ('subject = "asset"', 'subject = "asset"\non = "manhole.opened"', "alarms[2].on"),
        ('subject = "asset"', 'subject = "asset"\nwhen = "open"', "alarms[2].when"),
        ('subject = "asset"', 'subject = "asset"\nclear_when = "open"', "alarms[2].clear_when"),
        ('subject = "asset"', 'subject = "asset"\nfor = "1s"', "alarms[2].for"),
        ('kind = "manhole", ', "", "alarms[2].keys.cover"),
        (', when = "tilt_deg >= 10"', "", "alarms[2].keys.cover"),
        ('{ kind = "manhole",', '{ on = "manhole.opened", kind = "manhole",', "alarms[2].keys.cover"),
        ('{ kind = "manhole",', '{ hold = "1s", kind = "manhole",', "alarms[2].keys"),
        ('when = "tilt_deg >= 10" }', 'when = "tilt_deg >=" }', "alarms[2].keys.cover.when"),
        ('when = "tilt_deg >= 10" }', 'when = "tilt >= 10" }', "alarms[2].keys.cover.when"),
        ('kind = "manhole",', 'kind = "man_hole",', "alarms[2].keys.cover.kind"),
        ('{ on = "manhole.opened" }', '{ on = "manhole.eaten" }', "alarms[2].keys.opened.on"),
        ('{ kind = "manhole", when = "tilt_deg >= 10" }', '{ on = "manhole.closed" }', "alarms[2].latch"),
    ],
)
def test_a_fault_in_keys_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    """File and key of what is wrong, in one profile or between several."""
    assert old in ASSET_RULE
    (tmp_path / "manhole.toml").write_text(MANHOLE + ASSET_RULE.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_profiles([tmp_path])
    assert caught.value.file == str(tmp_path / "manhole.toml")
    assert caught.value.key.startswith(key)


def test_an_assets_rule_has_one_profile(tmp_path: Path) -> None:
    """Two files that say differently when a road is collapsing are refused."""
    (tmp_path / "a.toml").write_text(MANHOLE + ASSET_RULE)
    (tmp_path / "b.toml").write_text(MANHOLE.replace('kind = "manhole"', 'kind = "other"') + ASSET_RULE)
    with pytest.raises(ConfigError, match="already defined") as caught:
        load_profiles([tmp_path])
    assert (caught.value.file, caught.value.key) == (str(tmp_path / "b.toml"), "alarms[2].rule")


def test_what_only_sites_have_is_refused_of_assets(tmp_path: Path) -> None:
    """Two devices of one key are one key of an asset, whatever explains them."""
    text = ASSET_RULE.replace('"tilt_deg >= 10"', '"tilt_deg >= 10", another = true')
    (tmp_path / "manhole.toml").write_text(MANHOLE + text)
    with pytest.raises(ConfigError) as caught:
        load_profiles([tmp_path])
    assert caught.value.key == "alarms[2].keys.cover.another"
