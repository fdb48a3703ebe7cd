"""Configs for tests of the agent."""

from pathlib import Path

from edge_agent.config import LoadedConfig, load_config

TEXT = """agent = "chaoming-01"
area = "hz/xiacheng/chaoming"
data = "data"

[broker]
url = "{url}"

[outbox]
reserve_bytes = "1MB"

[[lines]]
name = "rs485-1"
port = "{port}"

[[lines.slaves]]
unit = 1
device = "lift-01"
profile = "lift_terminal"
asset = "LIFT-01"

[[lines.slaves]]
unit = 2
device = "lift-02"
profile = "lift_terminal"
"""


def write_config(folder: Path, *, url: str = "mqtt://127.0.0.1:1883", port: str = "line") -> Path:
    """Write an agent's config with two lifts on one line; return its path."""
    path = folder / "agent.toml"
    path.write_text(TEXT.format(url=url, port=port), encoding="utf-8")
    return path


def loaded_config(folder: Path, *, url: str = "mqtt://127.0.0.1:1883") -> LoadedConfig:
    """Return it, loaded."""
    return load_config(write_config(folder, url=url))
