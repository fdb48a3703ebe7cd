"""Each reason is reached by a scenario; ``make reasons`` prints by which."""

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from hub.alarms.asked.why import Standing, explain
from hub.alarms.state import State
from tests.hub.reasons.__main__ import main, played, scenes, unreached
from tests.hub.reasons.scenes import SCENES

ROOT = Path(__file__).parents[3]


def test_each_reason_is_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By a journal scene, so that it needs no city; the table names each, and a reason less would be missed."""
    found = scenes()
    assert unreached(found) == []
    assert unreached({name: each for name, each in found.items() if name != "clones"}) == [
        ("reason", "epoch_back"), ("reason", "two_sessions"), ("refused", "foreign_device"),
    ]  # fmt: skip
    assert main(str(tmp_path)) == 0
    assert re.search(r"two_sessions +- +clones", capsys.readouterr().out)


@pytest.mark.parametrize("name", SCENES)
def test_every_record_of_a_scene_is_explained(name: str) -> None:
    """Each alarm has its transitions, each device that a pack speaks of a standing for every rule, in words."""
    state = State()
    for record in SCENES[name]().records:
        found = explain(state, record)
        assert all(answer.detail for answer in found.answers)
        opened = {answer.rule for answer in found.answers if answer.standing is Standing.OPEN}
        last = {t.alarm.id: t.alarm for t in found.made}  # an event that was overtaken is over in the same record
        raised = {alarm.rule for alarm in last.values() if alarm.device and alarm.open}
        assert not found.answers or raised <= opened


def test_what_the_city_has_reached_is_put_together(tmp_path: Path) -> None:
    """All seeds of a scenario are one column; what it has not reached counts for nothing."""
    for seed, count in ((1, 2), (2, 3)):
        one = [{"of": "change", "name": "raised", "count": count}, {"of": "change", "name": "closed", "count": 0}]
        body = {"scenario": "lift-rescue", "seed": seed, "reached": one}
        (tmp_path / f"lift-rescue-{seed}.json").write_bytes(msgspec.json.encode(body))
    assert played(tmp_path) == {"lift-rescue": Counter({("change", "raised"): 5})}
