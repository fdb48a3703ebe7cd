"""Groups of subcommands of ``hub``, one file each, and the arguments that they share."""

from pathlib import Path
from typing import Annotated

import typer

from device_profiles.errors import TopicError
from device_profiles.topics import check_id

ENVIRONMENT = "CITYNERVE_HUB_CONFIG"
MOST = 1_000_000  # lines that one command shows


def _area(text: str) -> str:
    """Return the beginning of an area. Raises typer.BadParameter: of a place that cannot be there is never an alarm."""
    levels = text.rstrip("/").split("/") if text else []
    try:
        for level in levels:
            check_id(level)
    except TopicError as error:
        raise typer.BadParameter(str(error), param_hint="--area") from error
    if len(levels) > 3:
        raise typer.BadParameter(f"{text!r} is more than city/district/street", param_hint="--area")
    return text


Config = Annotated[Path, typer.Argument(envvar=ENVIRONMENT, help="The hub's config file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Area = Annotated[str, typer.Option(help="Only those in this area and below, such as hz/xiacheng.", callback=_area)]
