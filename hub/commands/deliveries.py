"""``hub deliveries``: what each receiver was told, and what could not be told."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from hub.alarms.asked.named import named_alarm
from hub.channels.view import deliveries_table, read_deliveries, read_receivers, receivers_table
from hub.commands import MOST, Config, Json
from hub.config import read_config
from hub.data import read_database
from hub.screen import Screen


def deliveries(
    config: Config = Path("hub.toml"),
    as_json: Json = False,
    failed: Annotated[bool, typer.Option("--failed", help="Only dead letters; exit 1 when there are any.")] = False,
    alarm: Annotated[str, typer.Option(help="Only those of this alarm.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="So many, the last ones.")] = 1_000,
) -> None:
    """Show what each receiver was told of which alarm, and how far it came."""
    with read_database(read_config(config).database) as connection:
        if alarm:
            named_alarm(connection, alarm)
        standing = read_receivers(connection)
        found = read_deliveries(connection, limit=limit, failed_only=failed, alarm=alarm)
    if as_json:
        body = msgspec.json.encode({"receivers": standing, "deliveries": found})
        sys.stdout.write(msgspec.json.format(body).decode() + "\n")
    else:
        console = Screen()
        nothing = "no dead letters" if failed else "no receiver was told of anything"
        console.table(deliveries_table(found), empty=nothing)
        nobody = "no [[receivers]]: `hub why ALARM` says what the broker was told"
        console.table(receivers_table(standing), empty=nobody)
    raise typer.Exit(1 if failed and found else 0)
