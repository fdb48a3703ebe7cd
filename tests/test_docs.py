"""The docs are tested by name: what the code knows, the docs mention (STYLE.md, 29)."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import get_args

import msgspec
import pytest
import typer
from typer.main import get_command

import edge_agent.cli
import hub.cli
import simulators.cli
from device_profiles import faults, profile, topics, wire
from hub import metrics
from hub.ledger.lane import ABANDONED

ROOT = Path(__file__).parents[1]
PAGES = {
    path.name: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
}
DOCS = "\n".join(PAGES.values())
REASONS = {
    "Refusal",
    "Fault",
    "Failure",
    "Trouble",
    "Stream",
    "Loss",
    "GivenUp",
    "Difference",
}  # and whatever ends in Reason


def _code(page: str) -> str:
    """Return what a page says as code: a name there is a name, an ordinary word of its prose is none."""
    blocks = re.findall(r"```.*?```", page, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`[^`\n]+`", re.sub(r"```.*?```", "", page, flags=re.DOTALL))])


CODE = {name: _code(page) for name, page in PAGES.items()}


def _coded(name: str, *pages: str) -> bool:
    return any(_found(name, CODE[page]) for page in pages or CODE)


def _mentioned(name: str) -> bool:
    return _found(name, DOCS)


def _found(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _keys(record: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(record)]


def _classes() -> Iterator[type]:
    """Yield every class of the programs, wherever it was declared."""
    for package in ("device_profiles", "edge_agent", "hub"):
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not found.name.endswith("__main__"):
                module = importlib.import_module(found.name)
                yield from (
                    thing
                    for thing in vars(module).values()
                    if isinstance(thing, type) and thing.__module__ == found.name
                )


CLASSES = list(_classes())
# whatever is read from a file that people write refuses keys that it does not know
CONFIGS = [
    each for each in CLASSES if issubclass(each, msgspec.Struct) and each.__struct_config__.forbid_unknown_fields
]


@pytest.mark.parametrize("record", CONFIGS, ids=lambda record: f"{record.__module__}.{record.__name__}")
def test_every_config_key_is_documented(record: type[msgspec.Struct]) -> None:
    """One page has all keys of a table of a config, profile, policy or model file, each as code."""
    missing = {page: [key for key in _keys(record) if not _coded(key, page)] for page in CODE}
    assert [] in missing.values(), min(missing.items(), key=lambda found: len(found[1]))


def test_the_records_that_people_write_are_found() -> None:
    """Whoever looks for nothing finds nothing missing."""
    names = {f"{record.__module__}.{record.__name__}" for record in CONFIGS}
    assert len(names) > 50
    assert names >= {
        "hub.config.HubConfig",
        "edge_agent.config.AgentConfig",
        "device_profiles.specs.profile_spec.ProfileSpec",
    }
    assert names >= {"hub.channels.receivers.CapReceiver", "hub.alarms.city.policy.PolicySpec"}


def test_an_ordinary_word_is_no_mention() -> None:
    """The words of the prose do not document a key of that name, nor does a longer name that contains it."""
    page = "Keep the bytes near.\n```toml\nmax_bytes = 1\n```\n`agent.offline` and `keep`"
    code = _code(page)
    assert [word for word in ("max_bytes", "keep", "agent.offline") if not _found(word, code)] == []
    assert [word for word in ("near", "bytes", "max_byte", "max", "offline", "Keep") if _found(word, code)] == []
    assert not _mentioned("no_such_reason")


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


def test_kinds_of_devices_in_the_docs_are_profiles() -> None:
    """What a page shows as a whole profile is one, so whoever copies it has it."""
    blocks = [
        (page, block)
        for page, text in PAGES.items()
        for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
        if block.startswith("kind = ")
    ]
    kinds = [profile.parse_profile(block, file=page).kind for page, block in blocks]
    assert sorted(kinds) == ["line_level", "manhole_cover", "well_level"]


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
    enums = [each for each in CLASSES if issubclass(each, StrEnum) and _is_reasons(each.__name__)]
    assert {each.__module__.partition(".")[0] for each in enums} == {"device_profiles", "edge_agent", "hub"}
    lost = (*get_args(wire.Lost.__annotations__["reason"]), ABANDONED)
    missing = {each.__qualname__: [str(one) for one in each if not _coded(one)] for each in enums}
    assert {name: reasons for name, reasons in missing.items() if reasons} == {}
    assert [reason for reason in lost if not _coded(reason, "ledger.md")] == []


def _is_reasons(name: str) -> bool:
    return name.endswith("Reason") or name in REASONS


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
