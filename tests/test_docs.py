"""The docs are tested by name: what the code knows, the docs mention (STYLE.md, 29)."""

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
import typer
from typer.main import get_command

import edge_agent.cli
import edge_agent.config
import edge_agent.sources.platforms.config
import hub.channels.receivers
import hub.cli
import hub.config
import simulators.cli
from device_profiles import dialect_spec, faults, key_spec, profile, rule_spec, tier_spec, topics, value_spec, wire
from device_profiles.link import BrokerConfig
from hub import metrics
from hub.alarms.transitions import Refusal
from hub.archive.refusals import RefusalReason
from hub.intake.quarantine import Reason

ROOT = Path(__file__).parents[1]
DOCS = "\n".join(
    path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
)


def _mentioned(name: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", DOCS) is not None


def _keys(record: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(record)]


def _records(module: object) -> list[type[msgspec.Struct]]:
    return [thing for thing in vars(module).values() if isinstance(thing, type) and issubclass(thing, msgspec.Struct)]


MODULES = (edge_agent.config, edge_agent.sources.platforms.config, hub.config, hub.channels.receivers)
MODULES += (profile, value_spec, rule_spec, key_spec, tier_spec, dialect_spec)
CONFIGS = {record.__name__: record for module in MODULES for record in _records(module)}
CONFIGS["BrokerConfig"] = BrokerConfig


@pytest.mark.parametrize(
    "record", [record for record in CONFIGS.values() if record.__struct_config__.forbid_unknown_fields]
)
def test_every_config_key_is_documented(record: type[msgspec.Struct]) -> None:
    """Each key of a config or profile file stands in the docs."""
    assert [key for key in _keys(record) if not _mentioned(key)] == []


def test_every_message_is_documented() -> None:
    """Each lane, fact and envelope field stands in the docs."""
    facts = [record.__struct_config__.tag for record in wire.Fact.__args__]
    names = [*wire.LANES, *facts, *_keys(wire.Pack), *_keys(wire.Receipt), *_keys(wire.LaneReceipt)]
    assert [name for name in names if not _mentioned(str(name))] == []


def test_every_topic_is_documented() -> None:
    """Each topic that can be built stands in the docs with its levels named."""
    levels = ("<city>/<district>/<street>", "<agent>")
    address = topics.AgentAddress(*levels)
    built = [
        topics.receipt_topic(address),
        topics.command_topic(address),
        topics.alarm_topic(levels[0], "<alarm id>"),
        f"{topics.ROOT}/hub/<hub>/status",
        f"{topics.ROOT}/agent/{address}/<lane>",
    ]
    assert [topic for topic in built if topic not in DOCS] == []


def test_every_profile_is_documented() -> None:
    """Each built-in profile stands in the docs."""
    assert [kind for kind in profile.load_profiles() if not _mentioned(kind)] == []


def test_every_fault_point_is_documented() -> None:
    """Each crash point stands in the docs."""
    assert [point for point in faults.POINTS if not _mentioned(point)] == []


@pytest.mark.parametrize(
    ("program", "app"), [("edge-agent", edge_agent.cli.app), ("hub", hub.cli.app), ("simulate", simulators.cli.app)]
)
def test_every_command_and_flag_is_documented(program: str, app: typer.Typer) -> None:
    """Each command and flag of the three programs stands in the docs."""
    missing = []
    for words, command in _commands(get_command(app), [program]):
        flags = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
        missing += [" ".join(words)] if " ".join(words) not in DOCS else []
        missing += [f"{' '.join(words)} {flag}" for flag in flags if flag != "--help" and not _mentioned(flag)]
    assert missing == []


def _commands(command, words):  # type: ignore[no-untyped-def]
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from _commands(child, [*words, name])
    else:
        yield words, command


def test_every_metric_is_documented() -> None:
    """Each name on /metrics stands in the docs."""
    counted = [family for family in metrics.REGISTRY.collect() if family.name.startswith(metrics.PREFIX)]
    asked = [metrics.asked(name, []) for name in metrics.STANDING]
    assert len(counted) > 5
    names = [f"{family.name}_total" if family.type == "counter" else family.name for family in [*counted, *asked]]
    assert [name for name in names if not _mentioned(name)] == []


def test_every_reason_is_documented() -> None:
    """Each reason for which something is set aside, refused or lost stands in the docs."""
    lost = get_args(wire.Lost.__annotations__["reason"])
    assert [reason for reason in (*Reason, *Refusal, *RefusalReason, *lost) if not _mentioned(reason)] == []


def test_architecture_names_every_room() -> None:
    """Each package and each module of the programs' first level stands in ARCHITECTURE.md, and none that is gone."""
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [
        path
        for package in ("device_profiles", "edge_agent", "hub", "simulators")
        for path in (ROOT / package).iterdir()
    ]
    names = {f"{path.name}/" if path.is_dir() else path.name for path in rooms if not path.name.startswith("__")}
    assert sorted(name for name in names if name not in text) == []
    named = set(re.findall(r"`([a-z_]+\.py)`", text))
    real = {path.name for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    assert sorted(named - real) == []
