"""``hub broker``: set up a Mosquitto with a password and rights for everybody."""

from pathlib import Path
from typing import Annotated

import typer

from device_profiles.topics import AgentAddress
from hub import broker as brokers

broker_app = typer.Typer(no_args_is_help=True, help="Set up a Mosquitto for the city.")

Folder = Annotated[Path, typer.Argument(help="The broker's folder.")]


@broker_app.command()
def init(
    folder: Folder, port: Annotated[int, typer.Option(min=1, max=65_535, help="Where it listens.")] = 1883
) -> None:
    """Make FOLDER a broker's, with users for the hub and the command centre."""
    config = brokers.init_broker(folder, port=port)
    secrets = config.parent / brokers.SECRETS
    typer.echo(f"run it:     mosquitto -c {config}")
    typer.echo("the hub:    what stands under [broker] in its hub.toml")
    typer.echo(f'  url = "mqtt://127.0.0.1:{port}"')
    typer.echo(f'  username = "{brokers.HUB_USER}"')
    typer.echo(f'  password_file = "{secrets / brokers.HUB_USER}.password"')
    typer.echo(f"the centre: username {brokers.CENTRE_USER}, password file {secrets / brokers.CENTRE_USER}.password")


@broker_app.command()
def agent(folder: Folder, address: Annotated[str, typer.Argument(help="city/district/street/agent")]) -> None:
    """Let an agent in with a new password; again: change it."""
    parsed = AgentAddress.parse(address)
    path = brokers.add_agent(folder, parsed)
    typer.echo("the agent:  what stands under [broker] in its agent.toml, beside the url that the hub has")
    typer.echo(f'  username = "{brokers.agent_user(parsed)}"')
    typer.echo(f'  password_file = "{path.resolve()}"')
    typer.echo("            on another machine: a copy of that file, for nobody else to read")
    _say_reload(folder)


@broker_app.command()
def centre(folder: Folder) -> None:
    """Give the command centre a new password."""
    path = brokers.set_password(folder, brokers.CENTRE_USER)
    typer.echo(f"the centre: username {brokers.CENTRE_USER}, password file {path.resolve()}")
    _say_reload(folder)


def _say_reload(folder: Path) -> None:
    typer.echo(f"a running broker reads it after: kill -HUP $(cat {folder.resolve() / 'mosquitto.pid'})")
