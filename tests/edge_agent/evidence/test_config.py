"""[evidence] of the agent's config: refused with its key, or what worker, server and birth are told."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_profiles.clock import Clock
from device_profiles.errors import ConfigError
from edge_agent.birth import Birth
from edge_agent.cli import app
from edge_agent.config import LoadedConfig, load_config
from edge_agent.evidence.begin import evidence_order
from edge_agent.evidence.config import EvidenceConfig
from tests.edge_agent.configs import write_config
from tests.edge_agent.outbox.opened import opened


def loaded(folder: Path, evidence: str) -> LoadedConfig:
    """Return a config with a part of evidence; ``key`` is a key beside it."""
    (folder / "key").write_text("k" * 32)
    path = write_config(folder)
    path.write_text(path.read_text() + f"\n[evidence]\n{evidence}\n")
    return load_config(path)


@pytest.mark.parametrize(
    ("evidence", "key"),
    [
        ('max_bytes = "100kB"', "max_bytes"),
        ('folder = "."', "folder"),
        ('folder = "../.."', "folder"),
        ('max_age = "59m"', "max_age"),
        ('ring_bytes = "1kB"', "ring_bytes"),
        ('ring_bytes = "1GB"', "ring_bytes"),
        ('listen = "8087"\nkey_file = "key"', "listen"),
        ('listen = "127.0.0.1:0"\nkey_file = "key"', "listen"),
        ('listen = "0.0.0.0:8087"\nkey_file = "key"', "url"),
        ('listen = "127.0.0.1:8087"\nkey_file = "key"\nurl = "ftp://here"', "url"),
        ('listen = "127.0.0.1:8087"', "key_file"),
        ('listen = "127.0.0.1:8087"\nkey_file = "agent.toml"', "key_file"),
        ('cert_file = "key"', "cert_file"),
        ('cert_file = "none.pem"\ntls_key_file = "key"', "cert_file"),
        ('cert_file = "key"\ntls_key_file = "key"', "cert_file"),
        ('folders = "x"', "folders"),
    ],
)
def test_what_means_nothing_is_refused_by_its_key(tmp_path: Path, evidence: str, key: str) -> None:
    """Before the agent runs."""
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, evidence)
    assert refused.value.key == f"evidence.{key}"


def test_the_birth_says_where_evidence_is(tmp_path: Path) -> None:
    """Nowhere unless it listens; as it listens, or by the URL that the config gives."""
    listen = 'listen = "10.0.0.7:8087"\nkey_file = "key"\n'
    said = {
        "": "",
        listen: "http://10.0.0.7:8087",
        listen + 'url = "https://gate.example:9/a/"': "https://gate.example:9/a",
        listen + 'folder = ""': "",
    }
    for evidence, url in said.items():
        with opened(tmp_path / "data") as outbox:
            status = Birth(loaded(tmp_path, evidence), outbox, clock=Clock()).status(online=True, counts={})
        assert status.evidence == url
    assert EvidenceConfig(listen="10.0.0.7:8087", cert_file="cert.pem").offered == "https://10.0.0.7:8087"


@pytest.mark.parametrize(("host", "said"), [("10.0.0.7", True), ("street-7", True), ("127.0.0.1", False)])
def test_check_says_where_it_goes_and_how_open(tmp_path: Path, host: str, said: bool) -> None:
    """Whoever listens beyond the machine without TLS is told so."""
    config = loaded(tmp_path, f'listen = "{host}:8087"\nkey_file = "key"').file
    done = CliRunner().invoke(app, ["check", config])
    assert f"evidence is handed out at http://{host}:8087" in done.output
    assert ("without TLS" in done.output) is said


def test_a_worker_is_told_all_in_numbers(tmp_path: Path) -> None:
    """An absolute folder below the data, or none; what the profile of zones permits goes with it."""
    order = evidence_order(loaded(tmp_path, 'max_bytes = "2MB"\nmax_age = "1h"'))
    assert order.folder == str(tmp_path / "data" / "evidence")
    assert (order.max_bytes, order.max_age_us) == (2_000_000, 3_600_000_000)
    assert evidence_order(loaded(tmp_path, 'folder = ""')).folder == ""
