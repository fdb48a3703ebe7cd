"""The whole agent hands out what was kept before it was killed."""

import asyncio
from pathlib import Path

import pytest

from device_profiles.shelf import Shelf
from hub.evidence.client import EvidenceClient, FetchFailed
from hub.evidence.fetched import FetchReason
from tests.edge_agent.agents import AgentProcess
from tests.edge_agent.configs import write_config
from tests.servers import free_port

KEY, AGENT = "k" * 64, "hz/xiacheng/chaoming/chaoming-01"


@pytest.mark.long
def test_an_agent_that_was_killed_hands_out_what_it_kept(tmp_path: Path) -> None:
    """SIGKILL between two fetches: the next start serves the whole file as before."""
    (tmp_path / "evidence.key").write_text(KEY)
    config, port = write_config(tmp_path), free_port()
    text = f'\n[evidence]\nlisten = "127.0.0.1:{port}"\nkey_file = "evidence.key"\n'
    config.write_text(config.read_text() + text)
    kept = Shelf(tmp_path / "data" / "evidence", max_bytes=10**6, max_age_us=10**15)
    digest = kept.put(b"\xff\xd8 picture", now_us=1_763_600_000_000_000)

    def fetch() -> bytes:
        client = EvidenceClient()
        return asyncio.run(client.fetch(f"http://127.0.0.1:{port}", digest, agent=AGENT, key=KEY.encode()))

    for _ in range(2):
        agent = AgentProcess(config)
        agent.wait_for("evidence is handed out")
        assert fetch() == b"\xff\xd8 picture"
        agent.kill()
        with pytest.raises(FetchFailed) as failed:
            fetch()
        assert failed.value.reason is FetchReason.UNREACHABLE
