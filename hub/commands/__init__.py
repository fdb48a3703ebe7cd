"""Groups of subcommands of ``hub``, one file each, and the arguments that they share."""

from pathlib import Path
from typing import Annotated

import typer

ENVIRONMENT = "CITYNERVE_HUB_CONFIG"

Config = Annotated[Path, typer.Argument(envvar=ENVIRONMENT, help="The hub's config file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
