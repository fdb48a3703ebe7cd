"""A command line that goes wrong is one line and an exit code."""

import importlib
import io
import sqlite3
from importlib.metadata import version

import pytest
import typer
from typer.testing import CliRunner

from device_profiles.command import installed_version, offer_version, run_command
from device_profiles.errors import ConfigError


class OurError(Exception):
    """A failure that a program names as its own."""


def end_of(error: BaseException | None, words: list[str], monkeypatch: pytest.MonkeyPatch) -> int | None:
    """Run a program of one command that raises ``error`` with ``words``; return its exit code."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

    @app.command()
    def work(port: int = 1) -> None:
        if error is not None:
            raise error

    @app.command()
    def rest() -> None:
        """Another command, so that the first one has a name."""

    monkeypatch.setattr("sys.argv", ["program", *words])
    with pytest.raises(SystemExit) as ended:
        run_command(app, "program", failures=(OurError,))
    code = ended.value.code
    assert not isinstance(code, str)
    return code


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ConfigError("is wrong", file="a.toml", key="b"), 2, "program: a.toml: b: is wrong"),
        (OurError("no\n such thing"), 1, "program: no such thing"),
        (FileNotFoundError(2, "No such file", "x"), 1, "program: [Errno 2] No such file: 'x'"),
        (sqlite3.DatabaseError("file is not a database"), 1, "program: file is not a database"),
        (typer.BadParameter("no good"), 2, "program: Invalid value: no good"),
        (typer.Abort(), 1, "program: interrupted"),
    ],
)
def test_what_goes_wrong_is_one_line(
    error: BaseException,
    code: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the program's name first."""
    assert end_of(error, ["work"], monkeypatch) == code
    assert capsys.readouterr().err == line + "\n"


@pytest.mark.parametrize(
    "words", [["nonsense"], ["work", "\udcff"], ["work", "--prot", "1"], ["work", "--port", "x"], ["work", "more"]]
)
def test_a_usage_fault_is_exit_2_and_one_line(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No box, no hint: what a supervisor's log shows is one line."""
    assert end_of(None, words, monkeypatch) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), said.startswith("program: ")) == (1, True)


@pytest.mark.parametrize(("error", "code"), [(None, None), (typer.Exit(0), 0), (typer.Exit(7), 7)])
def test_a_command_chooses_its_exit_code(
    error: BaseException | None, code: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that just ends is exit 0."""
    assert end_of(error, ["work"], monkeypatch) == code


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected is not made a line."""
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def work() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sys.argv", ["program"])
    with pytest.raises(ZeroDivisionError):
        run_command(app, "program")


def test_no_words_is_the_help_and_exit_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The help comes whole, and nothing after it."""
    assert end_of(None, [], monkeypatch) == 2
    said = capsys.readouterr()
    assert "Usage: program" in said.out + said.err
    assert "program: " not in said.err


def test_version_is_the_packages_and_asks_for_no_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Name and version, exit 0; no other command does anything else than before."""
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
    offer_version(app, "program")

    @app.command()
    def work() -> None:
        typer.echo("worked")

    for words, said in ((["--version"], f"program {version('citynerve')}"), (["work"], "worked")):
        monkeypatch.setattr("sys.argv", ["program", *words])
        with pytest.raises(SystemExit) as ended:
            run_command(app, "program")
        assert not ended.value.code
        assert capsys.readouterr().out.strip() == said
    assert installed_version() == version("citynerve")


@pytest.mark.parametrize("program", ["edge_agent", "hub", "simulators"])
def test_each_program_says_its_version(program: str) -> None:
    """As it is typed: the one that is installed."""
    app = importlib.import_module(f"{program}.cli").app
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output.split()[1:]) == (0, [version("citynerve")])


def test_a_terminal_without_our_letters_gets_them_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Latin-1 or ASCII a Chinese name was a traceback."""
    said = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(said, encoding="latin-1", write_through=True))
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def work() -> None:
        typer.echo("Überlauf 朝鸣")

    monkeypatch.setattr("sys.argv", ["program"])
    with pytest.raises(SystemExit) as ended:
        run_command(app, "program")
    assert not ended.value.code
    assert said.getvalue() == b"\xdcberlauf \\u671d\\u9e23\n"
