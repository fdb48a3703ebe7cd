"""Run a program's command line: whatever goes wrong is one line on stderr and an exit code, never a traceback."""

import io
import logging
import sqlite3
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, NoReturn

import typer

from device_profiles.errors import ContractError
from device_profiles.log import ranked

FAILED, USAGE = 1, 2  # exit codes
UsageError: type[Exception] = typer.BadParameter.__bases__[0]  # typer shows us this leaf only of the click in it


def offer_version(app: typer.Typer, name: str) -> None:
    """Let the program ``name`` say with ``--version`` what is installed."""

    def say(asked: bool) -> None:
        if asked:
            typer.echo(f"{name} {installed_version()}")
            raise typer.Exit

    @app.callback()
    def options(
        _asked: Annotated[
            bool, typer.Option("--version", callback=say, is_eager=True, help="Say the version.")
        ] = False,
    ) -> None:
        """Take what stands before a command."""


def installed_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("citynerve")
    except PackageNotFoundError:
        return "0"  # run from a tree that is not installed


def run_command(app: typer.Typer, name: str, *, failures: tuple[type[Exception], ...] = ()) -> NoReturn:
    """Run ``app`` as the program ``name`` and exit.

    Exit 2 is a fault of config or usage; 1 is one of ``failures``, or a file or database that cannot be used.
    """
    for word in sys.argv[1:]:
        if any("\ud800" <= character <= "\udfff" for character in word):  # bytes of a terminal of another encoding
            _fail(name, f"{word!a} is not UTF-8", USAGE)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal of another encoding has not all our letters
    try:
        code = app(prog_name=name, standalone_mode=False)
    except ContractError as error:
        _fail(name, str(error), USAGE)
    except UsageError as error:
        _refuse(name, error)
    except typer.Abort:
        _fail(name, "interrupted", FAILED)
    except BrokenPipeError:
        sys.stderr.close()  # who read us has gone, as in `hub ledger | head`
        sys.exit(FAILED)
    except (OSError, sqlite3.Error) as error:
        _fail(name, ": ".join([*getattr(error, "__notes__", ()), str(error)]), FAILED)
    except failures as error:
        _fail(name, str(error), FAILED)
    sys.exit(code)


def _refuse(name: str, error: Exception) -> NoReturn:
    say = getattr(error, "format_message", error.__str__)  # names the option or argument
    if type(error).__name__ != "NoArgsIsHelpError":  # that one has printed the help
        _fail(name, say(), USAGE)
    sys.exit(USAGE)


def _fail(name: str, message: str, code: int) -> NoReturn:
    sys.stderr.write(ranked(f"{name}: {' '.join(message.split())}\n", logging.ERROR, sys.stderr))
    sys.exit(code)
