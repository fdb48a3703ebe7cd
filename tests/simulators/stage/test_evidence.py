"""What a scenario asks of evidence: all three pieces at the hub, and what they are said to be."""

import tomllib
from pathlib import Path

from device_profiles.evidence import read_key
from device_profiles.shelf import shelve
from device_profiles.topics import AgentAddress
from hub.evidence.fetcher import key_file
from simulators.observers.witness import AlarmWord
from simulators.stage.evidence import evidence_checks, evidence_folder, evidence_toml

CONTENTS = {"before": b"\xff\xd8 before", "after": b"\xff\xd8 after", "clip": b"RIFF clip"}
DEVICE = "hz/xiacheng/chaoming/road-1-1"


def word(evidence: dict[str, str] | None, *, rule: str = "road.collapse") -> AlarmWord:
    """Return a word about an alarm."""
    named = {} if evidence is None else {DEVICE: evidence}
    return AlarmWord("alarm-1", rule, "site", True, 1, 2, 3, evidence=named)


def test_an_alarm_with_all_three_is_good_and_anything_less_is_not(tmp_path: Path) -> None:
    """Missing at the hub, not named, damaged, without any evidence: each is said."""
    folder = evidence_folder(tmp_path)
    kept = {part: shelve(folder, content) for part, content in CONTENTS.items()}
    (check,) = evidence_checks([word(None), word(kept)], tmp_path)
    assert check.good
    for bad, said in (
        (word(None), "it names none"),
        (word(kept | {"clip": "ring_empty"}), "clip is missing: ring_empty"),
        (word(kept | {"after": "0" * 64}), "after is not at the hub"),
        (word(kept | {"clip": kept["before"]}), "clip is not what it is said to be"),
    ):
        (check,) = evidence_checks([bad], tmp_path)
        assert not check.good
        assert said in check.found
    (folder / kept["before"]).write_bytes(b"\xff\xd8 other")
    (check,) = evidence_checks([word(kept)], tmp_path)
    assert "before is not what it is said to be" in check.found
    assert list(evidence_checks([word(None, rule="road.inspection")], tmp_path)) == []


def test_agent_and_hub_get_one_key(tmp_path: Path) -> None:
    """The agent's config names the file in which the hub looks for its key."""
    address = AgentAddress("hz/xiacheng/chaoming", "chaoming-01")
    config = tomllib.loads(evidence_toml(address, hub_folder=tmp_path))["evidence"]
    assert Path(config["key_file"]) == key_file(tmp_path / "evidence-keys", str(address))
    assert len(read_key(Path(config["key_file"]))) == 64
