"""``hub doctor``: what is well, what is not, and what to do about it."""

from pathlib import Path

import msgspec
import typer

from device_profiles.clock import clock_from_environment
from hub.commands import Config, Json
from hub.config import read_config
from hub.doctor import Level, Patient, diagnose, worst
from hub.doctor.checks import CHECKS
from hub.screen import one_line, say


def doctor(config: Config = Path("hub.toml"), as_json: Json = False) -> None:
    """Look at everything that a hub needs, a line each; exit 1 when something fails. Works beside a running hub."""
    findings = diagnose(Patient(read_config(config), clock_from_environment()), CHECKS)
    if as_json:
        typer.echo(msgspec.json.encode(findings).decode())
    else:
        for finding in findings:
            advice = f"  → {finding.do}" if finding.do else ""
            say(f"{finding.level:4}  {finding.check:10}  {one_line(finding.says)}{advice}\n")
    raise typer.Exit(1 if worst(findings) is Level.FAIL else 0)
