"""The units of systemd: it understands them, and what they start are commands that exist."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
from typer.main import get_command

import edge_agent.cli
import hub.cli

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))
PROGRAMS = {"hub": hub.cli.app, "edge-agent": edge_agent.cli.app}
ANALYZE = shutil.which("systemd-analyze")
MAX_EXPOSURE = 2.5  # of 10, as `systemd-analyze security` rates it
every_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
with_systemd = pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze on this machine")


def said(unit: Path, key: str) -> list[str]:
    """Return every value that a unit gives ``key``."""
    return [
        line.partition("=")[2] for line in unit.read_text(encoding="utf-8").splitlines() if line.startswith(key + "=")
    ]


def refused(unit: Path, folder: Path, *, text: str) -> list[str]:
    """Return what systemd finds wrong with ``text`` as this unit, where the programs that it starts are installed."""
    for program in (*PROGRAMS, "mosquitto"):
        (folder / program).symlink_to("/bin/true")
    copy = folder / unit.name
    copy.write_text(re.sub(r"/\S*/(hub|edge-agent|mosquitto) ", rf"{folder}/\1 ", text), encoding="utf-8")
    done = analyze("verify", "--man=no", str(copy))
    return [line for line in done.stderr.splitlines() if unit.name in line]


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run systemd-analyze, in words that do not depend on the machine's language."""
    assert ANALYZE is not None
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    return subprocess.run([ANALYZE, *words], capture_output=True, text=True, timeout=60, check=False, env=environment)


def test_there_is_a_unit_for_each_program() -> None:
    """Whoever looks for nothing finds nothing wrong."""
    assert {unit.stem.removeprefix("citynerve-") for unit in UNITS} == {"agent", "broker", "hub", "hub-archive"}


@with_systemd
@every_unit
def test_systemd_understands_it(unit: Path, tmp_path: Path) -> None:
    """Each key and value; one that is misspelt would be passed over in silence, and is found here."""
    text = unit.read_text(encoding="utf-8")
    assert refused(unit, tmp_path, text=text) == []
    (tmp_path / "wrong").mkdir()
    assert refused(unit, tmp_path / "wrong", text=text.replace("Restart=", "Restrat=")) != []


@with_systemd
@every_unit
def test_little_is_exposed(unit: Path) -> None:
    """By systemd's own measure."""
    done = analyze("security", "--offline=true", "--no-pager", str(unit))
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd rates no unit that it does not run")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= MAX_EXPOSURE


@every_unit
def test_it_starts_a_command_that_exists(unit: Path) -> None:
    """With its flags, and the config in the folder that is its own."""
    (line,), (folder,), (state,) = (said(unit, key) for key in ("ExecStart", "WorkingDirectory", "StateDirectory"))
    assert folder == f"/var/lib/{state}"
    words = shlex.split(line)
    if Path(words[0]).name == "mosquitto":
        assert words[1:] == ["-c", f"{folder}/mosquitto.conf"]
        return
    context = parse(PROGRAMS[Path(words[0]).name], words[1:])
    assert context.params["config"] == Path(context.params["config"].name)
    assert (str(context.params.get("only")) == "archive") is ("archive" in unit.stem)


def test_a_flag_that_is_not_there_is_noticed() -> None:
    """So that the test before can fail."""
    with pytest.raises(Exception, match="No such option"):
        parse(hub.cli.app, ["run", "hub.toml", "--alone"])


@every_unit
def test_it_comes_back_whatever_ends_it(unit: Path) -> None:
    """For ever, as an ordinary user, and with time to end by itself: programs end within 5 s."""
    once = {key: said(unit, key) for key in ("Restart", "StartLimitIntervalSec", "User", "ProtectSystem")}
    assert once == {
        "Restart": ["always"],
        "StartLimitIntervalSec": ["0"],
        "User": ["citynerve"],
        "ProtectSystem": ["strict"],
    }
    assert int(said(unit, "TimeoutStopSec")[0]) >= 15


@every_unit
def test_run_is_not_to_be_written(unit: Path) -> None:
    """Debian 12's systemd (252) leaves /run out of ProtectSystem=strict where /proc or /sys are protected as well."""
    assert said(unit, "ReadOnlyPaths") == ["/run"]


@pytest.mark.parametrize("name", ["citynerve-hub", "citynerve-agent"])
def test_the_kernels_clock_may_be_asked(name: str) -> None:
    """Else nobody would know who keeps it. systemd counts the call to those that set clocks, so the filter names it."""
    (unit,) = (unit for unit in UNITS if unit.stem == name)
    assert {"adjtimex", "clock_adjtime"} <= set(said(unit, "SystemCallFilter")[0].split())
    assert said(unit, "ProtectClock") == []


def parse(app: typer.Typer, words: list[str]):  # type: ignore[no-untyped-def]
    """Return the context of a command with these words. Raises when there is none."""
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    return command.make_context(words[0], words[1:])
