"""The command ``hub``: exit codes, and one line that names file and key."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from device_profiles.profile import load_profiles
from device_profiles.wire import encode
from hub.alarms.kept.reader import AlarmReader
from hub.archive.embedded import EmbeddedArchive
from hub.archive.reader import ArchiveReader
from hub.cli import main
from hub.config import EXAMPLE, read_config
from hub.database import open_database
from hub.journal.journal import Journal, NewRecord
from hub.journal.texts import write_texts
from hub.twins.reader import TwinReader
from tests.hub.command import hub, one_line
from tests.hub.rig import ADDRESS, EPOCH, HubProcess, pack, reading
from tests.servers import Mosquitto, free_port


def test_the_example_is_a_good_config(tmp_path: Path) -> None:
    """What init writes passes check, and is not overwritten."""
    path = tmp_path / "hub.toml"
    assert hub("init", path).returncode == 0
    assert path.read_text() == EXAMPLE
    done = hub("check", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ok" in done.stdout
    again = hub("init", path)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("hub-1", "Hub 1"), "hub"),
        (("data =", "date ="), "date"),
        (("mqtt://", "http://"), "broker.url"),
        (('keep = "14d"', 'keep = "0d"'), "journal.keep"),
        (('keep = "14d"', "keep = 14"), "journal.keep"),
        (('hold_bytes = "64MB"', 'hold_bytes = "64kB"'), "intake.hold_bytes"),
        (("keepalive_s = 30", "keepalive_s = 1"), "broker.keepalive_s"),
        (("# password_file", "password_file"), "broker.password_file"),
        (("profiles = []", 'profiles = ["nowhere"]'), "nowhere"),
        (("[intake]", "[intake"), "line"),
    ],
)
def test_a_bad_config_is_one_line_that_names_file_and_key(tmp_path: Path, change: tuple[str, str], key: str) -> None:
    """Exit 2, and nothing but the line."""
    path = tmp_path / "hub.toml"
    path.write_text(EXAMPLE.replace(*change, 1))
    assert path.read_text() != EXAMPLE
    done = hub("check", path)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
    assert key in done.stderr
    assert "hub.toml" in done.stderr or key == "nowhere"


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("response", "--severity", "lief"), "--severity"),
        (("response", "--area", "//"), "--area"),
        (("alarms", "--area", "HZ/xiacheng"), "--area"),
        (("alarm", "list", "--area", "hz/xiacheng/chaoming/lift-07"), "--area"),
        (("deliveries", "--limit", "9" * 30), "--limit"),
        (("quarantine", "list", "--points", "--limit", "9" * 30), "--limit"),
        (("replay", "--from", "9" * 30), "--from"),
    ],
)
def test_what_cannot_be_meant_is_no_empty_answer(
    words: tuple[str, ...], option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list without a line would say: there is no such alarm."""
    monkeypatch.setattr("sys.argv", ["hub", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert option in said.err


def test_a_missing_config_is_a_usage_error(tmp_path: Path) -> None:
    """Every command says which file it cannot read."""
    for command in ("run", "check", "ledger"):
        done = hub(command, tmp_path / "none.toml")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "none.toml" in done.stderr


def test_no_data_is_a_negative_answer(tmp_path: Path) -> None:
    """A ledger of a hub that never ran is exit 1 and makes no files."""
    path = tmp_path / "hub.toml"
    path.write_text(EXAMPLE)
    done = hub("ledger", path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("folder", ["missing", "/proc/missing", "/dev/null"])
def test_init_into_an_impossible_folder_is_a_usage_error(tmp_path: Path, folder: str) -> None:
    """One line that names the file, and exit 2."""
    assert f"{folder}/hub.toml" in one_line(hub("init", tmp_path / folder / "hub.toml"), 2)


@pytest.mark.parametrize("folder", ["/proc/missing", "/dev/null", "/dev/null/x"])
def test_folders_that_cannot_be_made_are_usage_errors(tmp_path: Path, folder: str) -> None:
    """A broker's folder, a backup's, and the data folder that a backup is put back to."""
    assert folder in one_line(hub("broker", "init", folder), 2)
    config = written(tmp_path)
    settings = read_config(config)
    settings.data.mkdir()
    Journal.open(settings.journal, reserve_bytes=0).close()
    assert folder in one_line(hub("backup", config, folder), 2)
    assert hub("backup", config, tmp_path / "copy").returncode == 0
    config.write_text(EXAMPLE.replace('data = "data"', f'data = "{folder}"'))
    assert folder in one_line(hub("restore", tmp_path / "copy", config), 2)


READING = ("alarms", "ledger", "replay", "twins", "journal compact", "run", "run --only archive")


@pytest.mark.parametrize("words", READING)
@pytest.mark.parametrize("content", [b"\0nothing" * 1000, None], ids=["garbage", "a folder"])
def test_a_file_that_is_no_database_is_one_line(tmp_path: Path, words: str, content: bytes | None) -> None:
    """Every command that opens the data says so and names the file; none shows a traceback."""
    config = written(tmp_path)
    config.write_text(EXAMPLE.replace("apart = false", "apart = true"))
    data = read_config(config).data
    data.mkdir()
    for name in ("journal.db", "hub.db", "archive.db"):
        (data / name).write_bytes(content) if content else (data / name).mkdir()
    assert str(data) in one_line(hub(*words.split(), config), 1)


@pytest.mark.parametrize("name", ["journal.db", "hub.db", "archive.db"])
def test_a_database_that_is_torn_in_the_middle_is_one_line(tmp_path: Path, name: str) -> None:
    """The head is sound, so that only a read finds it: a copy, the ledger and a replay do not crash."""
    config = written(tmp_path)
    data = fed(config)
    with (data / name).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xee" * ((data / name).stat().st_size - 4096))
    for words in ("alarms", "ledger", "replay", "twins"):
        done = hub(*words.split(), config)
        assert done.returncode in (0, 1)
        assert "Traceback" not in done.stderr
        assert done.returncode == 0 or str(data / name) in one_line(done, 1)
    assert name in one_line(hub("backup", config, tmp_path / "copy"), 1)
    assert list((tmp_path / "copy").iterdir()) == []  # so that the next one finds an empty folder


def written(folder: Path) -> Path:
    """Return the example config, written."""
    (folder / "hub.toml").write_text(EXAMPLE)
    return folder / "hub.toml"


def fed(config: Path) -> Path:
    """Return the data folder of a hub at rest with a few hundred records in every file."""
    settings = read_config(config)
    settings.data.mkdir()
    with contextlib.ExitStack() as stack:
        journal = Journal.open(settings.journal, reserve_bytes=0)
        stack.callback(journal.close)
        engine = open_database(settings.database)
        stack.callback(engine.dispose)
        archive = EmbeddedArchive(settings.archive)
        stack.callback(archive.close)
        write_texts(journal, load_profiles(), now_us=1)
        for seq in range(1, 300):
            body = encode(pack(seq, "reading", *(reading(n) for n in range(10))))
            journal.append([NewRecord(time.time_ns() // 1000, "pack", body, str(ADDRESS), EPOCH, "reading", seq)])
        for reader in (AlarmReader(engine, clock=Clock()), TwinReader(engine), ArchiveReader(archive)):
            reader.apply(journal.read(0, 1000))
            getattr(reader, "flush", lambda: None)()
    return settings.data


def test_two_hubs_never_share_a_data_folder(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """The second one refuses to run, and the first one does not notice."""
    first = HubProcess(tmp_path, mosquitto.url).start()
    done = hub("run", first.config)
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert first.stop() == 0


def test_backup_and_restore_of_a_running_hub(mosquitto: Mosquitto, tmp_path: Path) -> None:
    """A backup made while it runs starts a second hub at the same records."""
    first = HubProcess(tmp_path / "hub", mosquitto.url).start()
    assert hub("backup", first.config, tmp_path / "copy").returncode == 0
    assert first.stop() == 0
    second = HubProcess(tmp_path / "second", mosquitto.url)
    assert hub("restore", tmp_path / "copy", second.config).returncode == 0
    assert hub("restore", tmp_path / "copy", second.config).returncode == 1
    second.start()
    assert second.stop() == 0
    assert json.loads(hub("ledger", second.config, "--json").stdout)["lanes"] == []


def test_compact_shrinks_the_journal_at_rest(tmp_path: Path) -> None:
    """What was cut is given back to the disk."""
    config = tmp_path / "hub.toml"
    config.write_text(EXAMPLE)
    settings = read_config(config)
    settings.data.mkdir()
    journal = Journal.open(settings.journal, reserve_bytes=0)
    journal.append([NewRecord(1, "act", b"x" * 10_000) for _ in range(100)])
    journal.cut(100)
    journal.close()
    assert hub("journal", "compact", config).returncode == 0
    assert settings.journal.stat().st_size < 100_000


def test_a_hub_without_a_broker_waits_and_stops_politely(tmp_path: Path) -> None:
    """Nobody listens: it is not ready, not dead, and ends on SIGTERM with 0."""
    config = tmp_path / "hub.toml"
    config.write_text(f'hub = "hub-1"\ndata = "data"\n[broker]\nurl = "mqtt://127.0.0.1:{free_port()}"\n')
    command = [sys.executable, "-m", "hub", "run", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "is down" in line:
            break
    assert process.poll() is None
    process.terminate()
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert "ready" not in rest
